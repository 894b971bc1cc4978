"""Build the site into _docs and check its links; --readme writes README.md from nbs/index.ipynb instead.

Quarto does the rendering where it is installed, smalldocs (pure Python) elsewhere."""
import ast, json, posixpath, re, shutil, subprocess, sys, tempfile
from base64 import b64decode
from html import unescape
from pathlib import Path
from unittest.mock import patch
from urllib.parse import unquote, urljoin, urlsplit

import yaml
from nbdev.config import get_config
from nbdev.doclinks import _build_modidx
from nbdev.processors import FilterDefaults
from nbdev.quarto import refresh_quarto_yml
from nbdev.serve import proc_nbs
from nbdev.serve_drv import exec_nb

cfg = get_config()
root, nbs, out = cfg.config_path, cfg.nbs_path, cfg.doc_path
site = f'{cfg.doc_host}{cfg.doc_baseurl}/'

def text(s): return s if isinstance(s, str) else ''.join(s)

def needed(cell):
    "The cells that show_doc needs. nbdev's own rule also runs every test cell that imports something, without the cells before it."
    src = cell.source or ''
    if cell.cell_type != 'code' or 'nbdev_export()' in src or cell.directives_.get('eval:', [''])[0] == 'false': return False
    body = cell.parsed_()
    return bool(cell.directives_.keys() & {'export', 'exports', 'exporti', 'exec_doc'} or re.search(r'^show_doc\(', src, flags=re.M)
                or body and all(isinstance(n, (ast.Import, ast.ImportFrom)) for n in body))

def write_sidebar():
    "Home, changes, the tutorials, then the modules in order; nbdev's own would put the tutorials last"
    def names(pat): return [f'        - {p.relative_to(nbs).as_posix()}' for p in sorted(nbs.glob(pat)) if p.name not in ('index.ipynb', 'changelog.ipynb')]
    lines = ['# written by .ci/docs.py', 'website:', '  sidebar:', '    contents:', '    - {text: Home, href: index.ipynb}', '    - {text: Changes, href: changelog.ipynb}']
    for title, pat in (('Tutorials', 'tutorials/*.ipynb'), ('API', '*.ipynb')):
        if pages := names(pat): lines += [f'    - section: {title}', '      contents:', *pages]
    (nbs/'sidebar.yml').write_text('\n'.join(lines) + '\n')

def quarto_names(proc):
    """Do in `proc` what smalldocs leaves undone: give pages their `output-file` name (swin.html for 01_swin.ipynb), and make
    nbdev's absolute links to our own site relative, so that they work, and are checked, before it is published."""
    files, new = {p: p.read_text(encoding='utf-8') for ext in ('ipynb', 'yml') for p in proc.rglob(f'*.{ext}')}, {}
    for p, s in files.items():
        if m := re.search(r'output-file: ([\w.-]+)\.html\\n', s): new[p.name], files[p] = m[1] + '.ipynb', s.replace(m[0], '')
    def link(m): return m[1] + new.get(m[2], m[2])
    for p, s in files.items():
        lead = r'\]\(|href=\\?"' if p.suffix == '.ipynb' else r'(?:- |: |")'
        s = re.sub(rf'((?:{lead})(?:[\w.-]+/)*)([\w.-]+\.ipynb)', link, s)
        p.unlink()
        p.with_name(new.get(p.name, p.name)).write_text(s.replace(site, '../' * (len(p.relative_to(proc).parts) - 1)), encoding='utf-8')

def broken_links():
    "Links and images of the built pages that lead to no file, or to no such heading"
    pages = {p.relative_to(out).as_posix(): p.read_text(encoding='utf-8') for p in out.rglob('*.html')}
    ids = {n: set(re.findall(r'\bid="([^"]+)"', h)) for n, h in pages.items()}
    for name, html in pages.items():
        html = re.sub(r'<(script|pre)\b.*?</\1>', '', html, flags=re.S)
        for url in sorted(set(re.findall(r'<(?:a|img|link|source)\b[^>]*?\s(?:href|src)="([^"]*)"', html))):
            u = urlsplit(url[len(site):] if url.startswith(site) else urljoin(name, unescape(url)))
            if u.scheme or u.netloc or url in ('', '#') or url.startswith('/'): continue
            path, frag = unquote(u.path) or name, unquote(u.fragment)
            if path in ('.', '..') or path.endswith('/'): path = posixpath.normpath(posixpath.join(path, 'index.html'))
            if not (out/path).is_file(): yield f'{name}: {url}: no such file'
            elif frag and path in ids and frag not in ids[path]: yield f'{name}: {url}: no such heading'

def build_site():
    proc = root/'_proc'
    refresh_quarto_yml()
    _build_modidx()
    write_sidebar()
    shutil.rmtree(proc, ignore_errors=True)
    with patch('nbdev.processors._do_eval', needed): proc_nbs(nbs, n_workers=0) # in this process: the library is imported once
    if shutil.which('quarto'): render = ['quarto', 'render', '--no-cache']
    else:
        quarto_names(proc)
        render = [sys.executable, '-m', 'smalldocs.cli', 'render', '--strict', '--quiet']
    if subprocess.run(render, cwd=proc).returncode: sys.exit('the site was not built: see above')
    shutil.rmtree(out, ignore_errors=True)
    shutil.move(proc/out.name, out)
    if bad := list(broken_links()): sys.exit('broken links:\n' + '\n'.join(bad))
    print(f"{len(list(out.rglob('*.html')))} pages in {out.relative_to(root)}/, every link leads somewhere")

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
    return ''.join(s if s.startswith('```') else prose(s) for s in re.split(r'(^```.*?^```)', md, flags=re.M | re.S))

def write_readme():
    "README.md; the figures that index.ipynb computed go to nbs/images/readme-*.png"
    with tempfile.TemporaryDirectory() as d:
        dst = Path(d)/'index.ipynb'
        exec_nb(nbs/'index.ipynb', dst, FilterDefaults)
        cells = json.loads(dst.read_text(encoding='utf-8'))['cells']
    md, images = [], nbs/'images'
    for f in images.glob('readme-*.png'): f.unlink()
    def figure(png, alt):
        images.mkdir(exist_ok=True)
        f = images/f"readme-{1 + len(list(images.glob('readme-*.png')))}.png"
        f.write_bytes(b64decode(text(png)))
        md.append(f'![{alt}]({f.relative_to(root).as_posix()})')
    for c in cells:
        src = text(c['source'])
        if c['cell_type'] == 'raw':
            front = yaml.safe_load(src.strip().strip('-'))
            md += [f"# {front['title']}"] + [f"> {front['description']}"] * ('description' in front)
        elif c['cell_type'] == 'markdown': md.append(github_md(src))
        else:
            opts = dict(re.findall(r'^#\|\s*([\w-]+):\s*(.*)$', src, flags=re.M))
            code = re.sub(r'^#\|.*\n?', '', src, flags=re.M).strip()
            if code and opts.get('echo') != 'false' and opts.get('include') != 'false': md.append(f'```python\n{code}\n```')
            if 'false' in (opts.get('output'), opts.get('include')): continue
            for o in c.get('outputs', []):
                data = o.get('data', {})
                plain = text(o.get('text') or data.get('text/plain', ''))
                if 'image/png' in data: figure(data['image/png'], opts.get('fig-alt', '').strip('"\''))
                elif 'text/markdown' in data: md.append(github_md(text(data['text/markdown'])))
                elif o.get('name') != 'stderr' and plain.strip() and not plain.startswith('<IPython'): md.append(f'```text\n{plain.rstrip()}\n```')
    (root/'README.md').write_text('\n\n'.join(s.strip() for s in md if s.strip()) + '\n', encoding='utf-8')

if __name__ == '__main__': write_readme() if '--readme' in sys.argv[1:] else build_site()
