"""Open the built site in a browser: some pages, a map that plays and the search, at two widths, light and dark.

Fails on an error in the console, on a page wider than the window, and where a search does not find what it should. Skipped where there is no browser."""
import functools, http.server, os, shutil, sys, threading
from pathlib import Path

site = Path(__file__).resolve().parent.parent/'_docs'
PAGES = ['index.html', 'swin.html#swinencoder', 'losses.html', 'tutorials/quickstart.html', 'howto/own_loop.html', 'howto/map.html', 'api.html', 'faq.html']
SEARCHES = {'install': 'install.html', 'training loop': 'howto/own_loop.html', 'SwinEncoder': 'swin.html#swinencoder', 'feature maps': 'howto/features.html',
            'fp16': 'faq.html', 'licence': 'faq.html', 'performance': 'tutorials/performance.html', 'glossary': 'glossary.html', 'encode_midi': 'embed.html#encode_midi',
            'hub weights': 'howto/hub.html', 'freeze': 'howto/features.html', 'embedding': 'embed.html', 'find a tune': 'howto/collection.html', 'velocity': 'faq.html', 'gpu': 'faq.html',
            'memory': 'faq.html', 'onset': 'howto/performances.html', 'fine-tune': 'tutorials/train_your_own.html'}

class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args): pass

def browser():
    "A Chromium or Chrome on this machine, or None"
    return next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'))), None)

def check(page, url, name, problems):
    page.goto(f'{url}/{name}', wait_until='load')
    wide, window = page.evaluate('[document.documentElement.scrollWidth, innerWidth]')
    if wide > window: problems.append(f'{name} is {wide} pixels wide in a window of {window}')
    if '#' in name:
        top = page.evaluate('id => document.getElementById(id).getBoundingClientRect().top', name.split('#')[1])
        if not 0 <= top < 300: problems.append(f'{name} lands {top:.0f} pixels from the top')

def search(page, url, words, want, problems):
    page.goto(f'{url}/index.html', wait_until='load')
    page.locator('.smalldocs-search input:visible').first.fill(words)
    try: page.wait_for_selector('.search-result', timeout=5000)
    except Exception: return problems.append(f'search for {words!r}: nothing')
    found = [a.get_attribute('href').removeprefix('./') for a in page.locator('.search-result').all()[:3]]
    if want not in found + [f.split('#')[0] for f in found]: problems.append(f'search for {words!r}: {found}, not {want}')

def play(page, url, problems):
    "The map: a click plays a piece until Escape, an arrow key leads to another, the other grouping has its own marks"
    page.goto(f'{url}/howto/map.html', wait_until='load')
    dots, said, playing = page.locator('.rae-map > svg path'), page.locator('.rae-said'), page.locator('.rae-map .rae-playing')
    def marks(): return dots.evaluate_all("ds => ds.map(d => d.getAttribute('fill')).join()")
    dots.first.scroll_into_view_if_needed()
    dots.first.click(force=True)
    if playing.count() != 1 or not said.inner_text().startswith('♪ '): problems.append('map: a click plays nothing')
    page.keyboard.press('Escape')
    if playing.count(): problems.append('map: Escape does not stop the piece')
    seen, colours = {said.inner_text()}, marks()
    for key in ('ArrowLeft', 'ArrowUp', 'ArrowRight', 'ArrowDown'):
        page.keyboard.press(key)
        seen.add(said.inner_text())
    if len(seen) < 3: problems.append(f'map: the arrow keys lead to {seen}')
    page.keyboard.press('Enter')
    if not playing.count(): problems.append('map: Enter plays nothing')
    page.keyboard.press('Enter')
    page.locator('.rae-map select').select_option(index=1)
    if marks() == colours: problems.append('map: the other grouping looks the same')

def run(chrome):
    from playwright.sync_api import sync_playwright
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(Quiet, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url, problems = f'http://127.0.0.1:{server.server_port}', []
    with sync_playwright() as p:
        b = p.chromium.launch(executable_path=chrome, args=['--no-sandbox'] if getattr(os, 'geteuid', lambda: 1)() == 0 else [])
        for width, scheme in ((1440, 'light'), (1440, 'dark'), (390, 'light'), (390, 'dark')):
            page = b.new_context(viewport=dict(width=width, height=900), color_scheme=scheme).new_page()
            page.on('console', lambda m: problems.append(f'{page.url}: {m.text}') if m.type == 'error' else None)
            page.on('pageerror', lambda e: problems.append(f'{page.url}: {e}'))
            page.on('request', lambda r: problems.append(f'{page.url} asks for {r.url}') if not r.url.startswith((url, 'data:')) else None)
            for name in PAGES: check(page, url, name, problems)
            play(page, url, problems)
            if width > 1000 and scheme == 'light':
                for words, want in SEARCHES.items(): search(page, url, words, want, problems)
        b.close()
    server.shutdown()
    return problems

if __name__ == '__main__':
    try: import playwright
    except ImportError: playwright = None
    if not (chrome := browser()) or not playwright: sys.exit(print('smoke test of the site skipped: no Chromium or Chrome, or no playwright, here'))
    if bad := run(chrome): sys.exit('in the browser:\n' + '\n'.join(dict.fromkeys(bad)))
    print(f'{len(PAGES)} pages at two widths, light and dark, and {len(SEARCHES)} searches work in a browser')
