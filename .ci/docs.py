"""Build the site into _docs and check it; --readme writes README.md from nbs/index.ipynb instead.

smalldocs renders; before it, notebooks are turned into pages, after it, formulas into MathML and headings into a search index."""
import json, posixpath, re, shutil, subprocess, sys
from base64 import b64decode
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import yaml
from bs4 import BeautifulSoup
from latex2mathml.converter import convert as mathml
from nbdev.config import get_config

from reference import definitions, entry, find, plain, unexplained
from smalldocs.api import doc

cfg = get_config()
root, nbs, out = cfg.config_path, cfg.nbs_path, cfg.doc_path
site = f'{cfg.doc_host}{cfg.doc_baseurl}/'
blob = f'{cfg.git_url}/blob/{cfg.branch}'
START = ['index', 'install', 'tutorials/01_quickstart', 'faq', 'changelog', 'contributing']
RESULTS = ['tutorials/02_performance', 'tutorials/03_objectives', 'tutorials/04_levels']

def text(s): return s if isinstance(s, str) else ''.join(s)
def md_cell(s): return dict(cell_type='markdown', metadata={}, source=s)
def read_cells(p): return json.loads(p.read_text(encoding='utf-8'))['cells']
def page_name(path): return re.sub(r'(^|/)\d+_([^/]*)$', r'\1\2', path)

def directives(src): return dict(re.findall(r'^#\|\s*([\w-]+):?[ \t]*(.*)$', src, flags=re.M))
def module_of(cells): return next((m for c in cells if (m := directives(text(c['source'])).get('default_exp'))), None)

def outside_code(f, md):
    "Apply f to Markdown outside of fenced code"
    return ''.join(s if s.startswith('```') else f(s) for s in re.split(r'(^```.*?^```)', md, flags=re.M | re.S))

def title_of(cells): return re.match(r'# (.*?)\n+(?:> (.*))?', text(cells[0]['source']).strip() + '\n').groups()

class Names:
    "The documented names, and links to them from Markdown"
    def __init__(self, notebooks):
        self.page, self.all = {}, {}
        for cells in notebooks:
            if not (mod := module_of(cells)): continue
            names = self.page[mod] = []
            for c in cells:
                if 'export' in directives(text(c['source'])): names += definitions(text(c['source']))
            for n in names: self.all.setdefault(n, []).append(f'{mod}.html#{n.lower()}')
            self.all |= {f'{mod}.{n}': [f'{mod}.html#{n.lower()}'] for n in names}

    def link(self, name, here):
        "Address of a name's entry; a plain word leads to another page only where it is written as a call"
        if (bare := name.removesuffix('()')) in self.page.get(here, []): return f'{here}.html#{bare.lower()}'
        found = self.all.get(bare, [])
        return found[0] if len(found) == 1 and re.search(r'[A-Z_.(]', name) else None

    def linkify(self, md, here=None, prefix=''):
        def one(m): return f'[{m[0]}]({prefix}{url})' if m[1] and (url := self.link(m[1], here)) else m[0]
        span = r'``.*?``|(?<!\[)`([A-Za-z_][\w.]*(?:\(\))?)`(?!\])'
        def lines(s): return '\n'.join(l if l.startswith('#') else re.sub(span, one, l) for l in s.split('\n'))
        return outside_code(lines, md)

def page_links(md):
    "Links to notebooks follow the names of the pages"
    return outside_code(lambda s: re.sub(r'(\]\(|href=")([\w./-]+)(?=\.ipynb)', lambda m: m[1] + page_name(m[2]), s), md)

def free_anchor(md, taken):
    "A heading in the text leaves the anchor of an entry to the entry"
    def one(m): return m[0] + f' {{#about-{s}}}' if (s := m[1].strip('` ').lower().replace(' ', '-')) in taken else m[0]
    return outside_code(lambda s: re.sub(r'^#+ ([^{\n]*)$', one, s, flags=re.M), md)

def fold(cell):
    "Tests and set-up of an API page: closed until one wants to read them"
    return dict(cell, source='#| code-fold: true\n#| code-summary: "Test code"\n' + text(cell['source']))

def api_cells(cells, mod, names):
    "The cells of an API page: an entry for each export, tests folded, those in a row together"
    taken, res = {n.lower() for n in names.page[mod]}, []
    for c in cells:
        src = text(c['source'])
        opts = directives(src)
        if c['cell_type'] == 'markdown': res.append(md_cell(free_anchor(src, taken)))
        elif 'export' in opts: res += [md_cell(entry(f'{cfg.lib_name}.{mod}', n, blob)) for n in definitions(src)]
        elif not opts.keys() & {'hide', 'default_exp'}:
            is_test = opts.get('echo') != 'false' and (not c['outputs'] or re.search(r'^\s*(?:test_|assert )', src, flags=re.M))
            last = res[-1] if res else {}
            if is_test and not c['outputs'] and last.get('folded') and not last['outputs']: last['source'] += '\n\n' + src
            else: res.append(dict(fold(c), folded=True) if is_test else c)
    return res

def alone(path):
    "Whether a notebook is one that people run by itself"
    return path.startswith(('tutorials/', 'howto/'))

def runnable(nb_path):
    "A notebook to download: as it stands, with links that lead to the site"
    nb = json.loads(nb_path.read_text(encoding='utf-8'))
    here = nb_path.relative_to(nbs).parent.as_posix()
    def absolute(m): return f'{m[1]}{site}{page_name(posixpath.normpath(posixpath.join(here, m[2])))}.html'
    for c in nb['cells']:
        if c['cell_type'] == 'markdown': c['source'] = outside_code(lambda s: re.sub(r'(\]\()([\w./-]+)\.ipynb', absolute, s), text(c['source']))
    return nb

def badges(path):
    "Links that run or download a notebook, drawn here"
    name = page_name(path).split('/')[1]
    colab = f'https://colab.research.google.com/github/{cfg.user}/{cfg.repo}/blob/{cfg.branch}/{nbs.name}/{path}.ipynb'
    def badge(d, label, link): return f'<a class="run-badge" {link}><svg viewBox="0 0 16 16" aria-hidden="true"><path d="{d}"/></svg><span>{label}</span></a>'
    run = badge('M3 1.5v13L14.5 8z', 'Open in Colab', f'href="{colab}"')
    get = badge('M6.5 1h3v6H13l-5 5.5L3 7h3.5zM2 13.5h12V15H2z', 'Download notebook', f'href="#" download="{name}.ipynb"')
    return md_cell(f'```{{=html}}\n<p class="run-badges">{run}{get}</p>\n```')

def write_page(path, cells, names, proc):
    "One notebook as smalldocs reads it"
    name, mod, depth = page_name(path), module_of(cells), path.count('/')
    title, description = title_of(cells)
    front = dict(title=title, **(dict(description=description) if description else {}))
    body = [md_cell(text(cells[0]['source']).split('\n', 3)[3])] if text(cells[0]['source']).count('\n') > 2 else []
    body += api_cells(cells[1:], mod, names) if mod else [c for c in cells[1:] if 'hide' not in directives(text(c['source']))]
    if alone(path): body.insert(0, badges(path))
    for c in body:
        if c['cell_type'] == 'markdown': c['source'] = page_links(names.linkify(text(c['source']), mod, '../' * depth))
    raw = dict(cell_type='raw', metadata={}, source=f'---\n{yaml.safe_dump(front, allow_unicode=True)}---')
    dst = proc/f'{name}.ipynb'
    dst.parent.mkdir(parents=True, exist_ok=True)
    dst.write_text(json.dumps(dict(cells=[raw, *body], metadata={}, nbformat=4, nbformat_minor=5)), encoding='utf-8')

def api_index(notebooks, names):
    "A page with all modules and what they define"
    res = ['# API index\n\n> Every module, and every function and class in it. A module imports only from those above it.']
    for cells in notebooks.values():
        if not (mod := module_of(cells)): continue
        res.append(f'## [{mod}]({mod}.ipynb) {{#{mod}}}\n\n{title_of(cells)[1] or ""}\n')
        rows = [f'| [`{n}`]({mod}.html#{n.lower()}) | {first_sentence(mod, n)} |' for n in names.page[mod] if '.' not in n]
        if rows: res[-1] += '\n'.join(['', '::: {.api-index}', '', '| name | |', '| --- | --- |', *rows, '', ':::'])
    return [md_cell(s) for s in res]

def first_sentence(mod, name):
    "What an entry is, in the first sentence of its docstring"
    text = ' '.join(doc(find(f'{cfg.lib_name}.{mod}', name)[1]).split('\n\n')[0].split())
    return plain(re.split(r'(?<=[.:]) (?=[A-Z])', text)[0]).replace('|', '\\|')

def sidebar(paths):
    "Start, how-to, tutorials, results, reference"
    def pages(ps): return [dict(text='Home', href='index.ipynb') if p == 'index' else f'{page_name(p)}.ipynb' for p in ps if p in [*paths, 'api']]
    rest = [p for p in paths if p not in START + RESULTS + ['glossary']]
    sections = {'Start': START, 'How-to': [p for p in rest if p.startswith('howto/')], 'Tutorials': [p for p in rest if p.startswith('tutorials/')],
                'Results': RESULTS, 'Reference': ['api', 'glossary', *(p for p in rest if '/' not in p)]}
    return [dict(section=k, contents=pages(v)) for k, v in sections.items()]

def search_index(pages):
    "One record for each heading: page, section, and the prose below it without code"
    for name, soup in pages.items():
        if name == 'api.html': continue # its lines are those of the other pages
        main, records = soup.main, []
        title = soup.h1.get_text(' ', strip=True)
        records.append(dict(href=name, title=title, section='', text=[el.get_text(' ', strip=True) for el in soup.select('.description')]))
        for el in main.select('.run-badges'): el.decompose()
        for el in main.find_all(['h2', 'h3', 'h4', 'h5', 'p', 'li', 'tr']):
            if el.name[0] == 'h' and (anchor := el.get('id') or el.get('data-anchor-id')):
                records.append(dict(href=f'{name}#{anchor}', title=title, section=el.get_text(' ', strip=True), text=[]))
            elif el.name[0] != 'h' and not el.find_parent(['li', 'tr', 'nav']) and 'api-source' not in str(el)[:200]:
                records[-1]['text'].append(re.sub(r'\s+([,.;:])', r'\1', el.get_text(' ', strip=True)))
        for r in records: yield r | dict(objectID=r['href'], text=' '.join(r['text']))

def finish(proc):
    "What smalldocs leaves undone: formulas as MathML, fonts of the system, tables that scroll, an index of prose"
    pages = {}
    for p in sorted(out.rglob('*.html')):
        soup = BeautifulSoup(p.read_text(encoding='utf-8'), 'html.parser')
        for el in soup.select('.math'):
            tex, block = el.get_text().strip()[2:-2], 'display' in el['class']
            el.replace_with(BeautifulSoup(mathml(tex, display='block' if block else 'inline'), 'html.parser'))
        for el in soup.select('[src*=katex], [href*=katex]'): el.decompose()
        for el in soup.select('a[download]'): el['href'] = el['download']   # smalldocs would have led an .ipynb to its page
        for el in soup.select('main table'): el.wrap(soup.new_tag('div', attrs={'class': 'scroll-x'}))
        p.write_text(str(soup), encoding='utf-8')
        pages[p.relative_to(out).as_posix()] = soup
    order = {page_name(n): i for i, n in enumerate(START)}
    ranked = dict(sorted(pages.items(), key=lambda kv: order.get(kv[0].removesuffix('.html'), len(order))))
    (out/'search.json').write_text(json.dumps(list(search_index(ranked)), ensure_ascii=False), encoding='utf-8')
    for p in (out/'site_libs').rglob('*.css'):
        s = p.read_text(encoding='utf-8')
        p.write_text(re.sub(r'@import url\(https?:[^)]*\);?', '', s), encoding='utf-8')

def problems():
    "Links and images of the built pages that lead to no file or heading, anchors given twice, and what is loaded from elsewhere"
    pages = {p.relative_to(out).as_posix(): p.read_text(encoding='utf-8') for p in out.rglob('*.html')}
    ids = {n: re.findall(r'\sid="([^"]+)"', h) for n, h in pages.items()}
    for name, html in pages.items():
        for i in {i for i in ids[name] if ids[name].count(i) > 1}: yield f'{name}: two elements have the id {i}'
        for url in re.findall(r'<(?:script|img|link|source|iframe)\b[^>]*?\s(?:href|src)="(https?:[^"]*)"', html): yield f'{name} loads {url}'
        html = re.sub(r'<(script|pre)\b.*?</\1>', '', html, flags=re.S)
        for url in sorted(set(re.findall(r'<(?:a|img|link|source)\b[^>]*?\s(?:href|src)="([^"]*)"', html))):
            u = urlsplit(url[len(site):] if url.startswith(site) else urljoin(name, unescape(url)))
            if u.scheme or u.netloc or url in ('', '#') or url.startswith('/'): continue
            path, frag = unquote(u.path) or name, unquote(u.fragment)
            if path in ('.', '..') or path.endswith('/'): path = posixpath.normpath(posixpath.join(path, 'index.html'))
            if not (out/path).is_file(): yield f'{name}: {url}: no such file'
            elif frag and path in ids and frag not in ids[path]: yield f'{name}: {url}: no such heading'
    for p in (out/'site_libs').rglob('*.css'):
        if m := re.search(r'url\(["\']?https?:[^)]*', p.read_text(encoding='utf-8')): yield f'{p.name} loads {m[0]}'

def source_notebooks():
    paths = sorted(p for p in nbs.rglob('*.ipynb') if not any(s[0] in '._' for s in p.relative_to(nbs).parts))
    if big := [p.name for p in paths if p.stat().st_size > 1.5e6]: sys.exit(f'larger than 1.5 MB: {", ".join(big)}')
    found = {p.relative_to(nbs).with_suffix('').as_posix(): read_cells(p) for p in paths}
    pages = [page_name(n) for n in found]
    if twice := {p for p in pages if pages.count(p) > 1}: sys.exit(f'two notebooks make one page: {", ".join(twice)}')
    return found

def build_site():
    proc, notebooks = root/'_proc', source_notebooks()
    names = Names(notebooks.values())
    silent = [f'{mod}.{u}' for mod, found in names.page.items() for n in found for u in unexplained(f'{cfg.lib_name}.{mod}', n)]
    if silent: sys.exit('without a docstring, or a comment on its line:\n' + '\n'.join(silent))
    bare = [path for path, cells in notebooks.items() if alone(path) and 'find_spec(' not in text(cells[1]['source'])]
    if bare: sys.exit(f'the second cell must install the package where it is missing, as in {nbs.name}/howto/01_own_loop.ipynb:\n' + '\n'.join(bare))
    shutil.rmtree(proc, ignore_errors=True)
    shutil.copytree(nbs, proc, ignore=shutil.ignore_patterns('*.ipynb', '.*', 'faults', '*.csv'))
    conf = yaml.safe_load((nbs/'_quarto.yml').read_text(encoding='utf-8'))
    conf['website']['sidebar']['contents'] = sidebar(list(notebooks))
    (proc/'_quarto.yml').write_text(yaml.safe_dump(conf, allow_unicode=True), encoding='utf-8')
    for path, cells in notebooks.items(): write_page(path, cells, names, proc)
    write_page('api', api_index(notebooks, names), names, proc)
    if subprocess.run([sys.executable, '-m', 'smalldocs.cli', 'render', '--strict', '--quiet'], cwd=proc).returncode: sys.exit('the site was not built: see above')
    shutil.rmtree(out, ignore_errors=True)
    shutil.move(proc/'_docs', out)
    for path in notebooks:
        if alone(path): (out/f'{page_name(path)}.ipynb').write_text(json.dumps(runnable(nbs/f'{path}.ipynb'), indent=1, ensure_ascii=False), encoding='utf-8')
    finish(proc)
    if bad := list(problems()): sys.exit('problems in the site:\n' + '\n'.join(bad))
    print(f"{len(list(out.rglob('*.html')))} pages in {out.relative_to(root)}/, every link leads somewhere, nothing is loaded from elsewhere")

def github_md(md):
    "Markdown of the site as GitHub reads it from the top of the repository"
    def link(m):
        if re.match(r'[a-z]+:|[#/]', m[2]): return m[0]
        path = posixpath.normpath(posixpath.join(nbs.name, m[2]))
        if not (root/path.split('#')[0]).exists(): sys.exit(f'README: {m[2]} leads nowhere')
        return m[1] + path
    def prose(s):
        s = re.sub(r'(\]\(|(?:src|href)=")([^)"\s]+)', link, s)
        return re.sub(r'(?<=\))\{[^}\n]*\}|^:::.*\n?', '', s, flags=re.M)
    return outside_code(prose, md)

def write_readme():
    "README.md from the stored outputs of index.ipynb; its figures go to nbs/images/readme-*.png"
    notebooks = source_notebooks()
    names, cells, images = Names(notebooks.values()), notebooks['index'], nbs/'images'
    title, description = title_of(cells)
    md = [f'# {title}', f'> {description}', '<!-- WARNING: THIS FILE WAS AUTOGENERATED! DO NOT EDIT! -->']
    for f in images.glob('readme-*.png'): f.unlink()
    def figure(png, alt):
        f = images/f"readme-{1 + len(list(images.glob('readme-*.png')))}.png"
        f.write_bytes(b64decode(text(png)))
        md.append(f'![{alt}]({f.relative_to(root).as_posix()})')
    for c in cells[1:]:
        src = text(c['source'])
        opts = directives(src)
        if 'hide' in opts: continue
        if c['cell_type'] == 'markdown': md.append(github_md(names.linkify(src, prefix=site)))
        else:
            code = re.sub(r'^#\|.*\n?', '', src, flags=re.M).strip()
            if code and opts.get('echo') != 'false': md.append(f'```python\n{code}\n```')
            for o in c['outputs']:
                data = o.get('data', {})
                plain = text(o.get('text') or data.get('text/plain', ''))
                if 'image/png' in data: figure(data['image/png'], opts.get('fig-alt', '').strip('"\''))
                elif 'text/markdown' in data: md.append(github_md(text(data['text/markdown'])))
                elif o.get('name') != 'stderr' and plain.strip() and not plain.startswith('<IPython'): md.append(f'```text\n{plain.rstrip()}\n```')
    (root/'README.md').write_text('\n\n'.join(s.strip() for s in md if s.strip()) + '\n', encoding='utf-8')

if __name__ == '__main__': write_readme() if '--readme' in sys.argv[1:] else build_site()
