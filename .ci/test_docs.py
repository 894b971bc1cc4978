"""Tests of what builds the site: python .ci/test_docs.py"""
import importlib, sys, tempfile
from pathlib import Path

import reference as ref
import docs

SOURCE = '''
from dataclasses import dataclass, field
from typing import NamedTuple
from fastcore.basics import patch

class Level(NamedTuple):
    "One level."
    grid: tuple[int, int]       # (H, W) patches
    window: int | None = None   # [wh] or `None`

@dataclass
class Song:
    "A song."
    name: str                              # of the file
    labels: dict = field(default_factory=dict)

    @property
    def size(self) -> int:
        "Steps, a*b."
        return 1

    def cut(self, n: int):   # a part
        "Cut it."
    def silent(self): pass
    def count(self) -> int: "How many."
    def _hidden(self): pass

@patch
def join(
    self: Song,
    *songs,      # others
    gap=1,       # steps
    rank=0, world=1,  # processes
    **how,       # the rest
) -> Song:       # **one** song
    "Join songs."

@patch(as_prop=True)
def long(self: Song) -> bool:
    "Whether it is long."

def _private(): pass
'''

def module():
    folder = Path(tempfile.mkdtemp())
    (folder/'sample_mod.py').write_text(SOURCE)
    sys.path.insert(0, str(folder))
    return importlib.import_module('sample_mod')

def test_definitions():
    assert list(ref.definitions(SOURCE)) == ['Level', 'Song', 'Song.join', 'Song.long']

def test_entries():
    mod = module()
    level = ref.entry('sample_mod', 'Level', 'URL')
    assert '### Level {#level .api-name}' in level and 'Level(grid, window=None)' in level
    assert '| `grid` | `tuple[int, int]` |  | (H, W) patches |' in level
    assert r'| `window` | `int \| None` | `None` | \[wh\] or `None` |' in level
    song = ref.entry('sample_mod', 'Song', 'URL')
    assert 'Song(name, labels=...)' in song and '| `labels` | `dict` | new |  |' in song
    assert r'| `size` | `int` | Steps, a\*b. |' in song and '| `long` | `bool` |' in song
    assert '#### Song.cut {#song.cut' in song and 'hidden' not in song and '| `n` | `int` | a part |' in song
    join = ref.entry('sample_mod', 'Song.join', 'URL')
    assert 'Song.join(*songs, gap=1, rank=0, world=1, **how)' in join and '| `**how` |  |  | the rest |' in join and '| *returns* | `Song` |  | **one** song |' in join
    assert 'Song.long: bool' in ref.entry('sample_mod', 'Song.long', 'URL')
    assert '```python\nSong.count() -> int\n```' in song and song.count('*returns*') == 0
    lines = SOURCE.splitlines()
    for name, want in (('Level', 'class Level'), ('Song', 'class Song'), ('Song.cut', '    def cut'), ('Song.join', 'def join'), ('Song.long', 'def long')):
        assert lines[ref.source_line(ref.find('sample_mod', name)[1]) - 1].startswith(want), name

def test_unexplained():
    module()
    assert list(ref.unexplained('sample_mod', 'Level')) == list(ref.unexplained('sample_mod', 'Song.long')) == []
    assert list(ref.unexplained('sample_mod', 'Song')) == ['Song(labels)', 'Song.silent']
    assert list(ref.unexplained('sample_mod', 'Song.join')) == ['Song.join(rank)']

def test_signature():
    assert ref.signature('f', []) == 'f()'
    wide = ref.signature('f', [(f'argument_{i}', '', str(i), '') for i in range(12)])
    assert wide.startswith('f(\n    argument_0=0, ') and wide.endswith(',\n)') and max(map(len, wide.split('\n'))) <= 84

def test_names():
    a = [dict(cell_type='code', source='#| default_exp alpha'), dict(cell_type='code', source='#| export\ndef row(): pass\ndef read_it(): pass\nclass Same: pass')]
    b = [dict(cell_type='code', source='#| default_exp beta'), dict(cell_type='code', source='#| export\nclass Same: pass')]
    names = docs.Names([a, b])
    assert names.linkify('`row` `read_it` `Same`', 'alpha') == '[`row`](alpha.html#row) [`read_it`](alpha.html#read_it) [`Same`](alpha.html#same)'
    assert names.linkify('`row` `row()` `read_it` `Same` `beta.Same`', None, '../') == (
        '`row` [`row()`](../alpha.html#row) [`read_it`](../alpha.html#read_it) `Same` [`beta.Same`](../beta.html#same)')
    for same in ('```\n`read_it`\n```', '# `read_it`', '[`read_it`](x.html)', '`` `read_it` ``'): assert names.linkify(same) == same, same

def test_markdown():
    assert docs.page_name('tutorials/01_quickstart') == 'tutorials/quickstart' and docs.page_name('faq') == 'faq'
    assert docs.page_links('[a](../08_swin.ipynb#x) `b](01_c.ipynb)`') == '[a](../swin.ipynb#x) `b](c.ipynb)`'
    assert docs.free_anchor('## Song\n\n## Other', {'song'}) == '## Song {#about-song}\n\n## Other'
    assert docs.title_of([dict(source='# T\n\n> D.')]) == ('T', 'D.') and docs.title_of([dict(source='# T')]) == ('T', None)

def test_downloads():
    path = docs.nbs/'tutorials'/'04_levels.ipynb'
    nb, raw = docs.runnable(path), docs.read_cells(path)
    assert f'{docs.site}probe.html' in str(nb) and '](../' not in str(nb)
    assert [c['source'] for c in nb['cells'] if c['cell_type'] == 'code'] == [c['source'] for c in raw if c['cell_type'] == 'code']
    badge = docs.badges('tutorials/04_levels')['source']
    assert f"{docs.cfg.user}/{docs.cfg.repo}/blob/{docs.cfg.branch}/{path.relative_to(docs.root)}" in badge and 'download="levels.ipynb"' in badge

def test_alone():
    "A tutorial that reads tables runs in an empty folder; in place of GitHub it asks this repository"
    import nbformat
    from nbclient import NotebookClient
    nb = nbformat.read(docs.nbs/'tutorials'/'02_performance.ipynb', 4)
    nb.cells[1].source = nb.cells[1].source.replace(docs.cfg.git_url, f'{docs.root.as_uri()} {docs.cfg.repo}')
    with tempfile.TemporaryDirectory() as tmp:
        NotebookClient(nb, timeout=120, resources=dict(metadata=dict(path=tmp))).execute()
        assert (Path(tmp)/docs.cfg.repo).is_dir()

if __name__ == '__main__':
    tests = [f for n, f in list(globals().items()) if n.startswith('test_')]
    for f in tests: f()
    print(f'{len(tests)} tests of the site builder passed')
