"""Entries of the API pages as Markdown: heading, source link, signature, docstring, tables of parameters, fields and properties.

smalldocs.api and fastcore's docments read types, defaults and comments from the exported modules."""
import ast, inspect, re, textwrap
from importlib import import_module

from fastcore.docments import docments
from smalldocs.api import class_comments, default_text, doc, table, type_text, unwrapped

EMPTY = inspect.Parameter.empty
STARS = {inspect.Parameter.VAR_POSITIONAL: '*', inspect.Parameter.VAR_KEYWORD: '**'}
DUNDERS = ('__call__', '__getitem__')

def definitions(source):
    "Qualified names of the functions, classes and patched methods in a cell that have an entry"
    for n in ast.parse(source).body:
        if not isinstance(n, (ast.FunctionDef, ast.ClassDef)): continue
        is_patch = any(ast.unparse(d).split('(')[0] == 'patch' for d in n.decorator_list)
        cls = f'{ast.unparse(n.args.args[0].annotation)}.' if is_patch else ''
        if n.name[0] != '_' and cls[:1] != '_' or cls and n.name in DUNDERS: yield cls + n.name

def find(module, name):
    "What a qualified name stands for, and the function or class with its source"
    obj = import_module(module)
    for part in name.split('.'): obj = inspect.getattr_static(obj, part)
    return obj, obj.fget if isinstance(obj, property) else unwrapped(obj)

def body(cls):
    "Syntax tree nodes in the body of a class"
    return ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0].body

def methods(cls):
    "Names of the public methods in the body of a class; patched ones have an entry of their own"
    for n in body(cls):
        if isinstance(n, ast.FunctionDef) and (n.name[0] != '_' or n.name in DUNDERS and ast.get_docstring(n)):
            if not isinstance(vars(cls).get(n.name), property): yield n.name

def is_record(cls): return hasattr(cls, '__dataclass_fields__') or hasattr(cls, '_field_defaults')

def default(value):
    if value is EMPTY: return ''
    return value.__name__ if inspect.isclass(value) else 'new' if repr(value) == '<factory>' else default_text(value)

def parameters(sym):
    "(name, type, default, meaning) of each parameter and of the result; of a record, of each field"
    mod, said = inspect.getmodule(sym), {}
    def anno(a): return '' if a in (EMPTY, None, type(None)) else type_text(a, mod)
    if inspect.isclass(sym) and '__init__' not in [n.name for n in body(sym) if isinstance(n, ast.FunctionDef)]:
        if not is_record(sym): return []
        for c in reversed(sym.__mro__): said |= class_comments(c)
        return [(n, anno(p.annotation), default(p.default), said.get(n, '')) for n, p in inspect.signature(sym).parameters.items()]
    kinds = {n: STARS.get(p.kind, '') for n, p in inspect.signature(sym).parameters.items()}
    found = docments(sym, full=True, args_kwargs=True)
    rows = [(kinds.get(n, '') + n, anno(d.anno), default(d.default), d.docment or '')
            for n, d in found.items() if n not in ('self', 'cls', 'return')]
    ret = None if inspect.isclass(sym) else found.get('return')
    if ret and (anno(ret.anno) or ret.docment): rows.append(('returns', anno(ret.anno), '', ret.docment or ''))
    return rows

def unexplained(module, name):
    "What an entry and the methods below it leave without a word: a docstring, or the comment of a parameter, field or property"
    obj, sym = find(module, name)
    if not doc(sym): yield name
    if isinstance(obj, property): return
    yield from (f'{name}({n})' for n, *_, said in parameters(sym) if not said and n != 'returns')
    if inspect.isclass(sym):
        yield from (f'{name}.{n}' for n, *_, said in properties(sym) if not said)
        for m in methods(sym): yield from unexplained(module, f'{name}.{m}')

def type_of(prop):
    a = inspect.signature(prop.fget).return_annotation
    return '' if a is EMPTY else type_text(a, inspect.getmodule(prop.fget))

def properties(cls):
    "(name, type, '', meaning) of each public property, patched ones too"
    for n, p in vars(cls).items():
        if not isinstance(p, property) or n[0] == '_': continue
        yield n, type_of(p), '', doc(p.fget)

def signature(name, rows, width=84):
    "How it is called: names and defaults; types and meanings are in the table"
    args = [n + (f"={'...' if d == 'new' else d}" if d else '') for n, _, d, _ in rows if n != 'returns']
    line = f"{name}({', '.join(args)})"
    if len(line) <= width: return line
    lines = ['']
    for a in args:
        if lines[-1] and len(lines[-1] + a) > width - 5: lines.append('')
        lines[-1] += a + ', '
    return '\n'.join([f'{name}(', *(f'    {s.rstrip()}' for s in lines), ')'])

def code(s): return f'`` {s} ``' if '`' in s else f'`{s}`' if s else ''

def plain(s):
    "A comment as Markdown on one line: markup characters are escaped outside of code"
    parts = re.split(r'(`[^`]*`)', ' '.join(s.split()))
    return ''.join(p if i % 2 else re.sub(r'((?<!\*)\*(?!\*)|[<$\[\]\\])', r'\\\1', p) for i, p in enumerate(parts))

def rows_table(rows, what):
    "Table of (name, type, default, meaning) rows, without a column that is empty in all of them"
    cells = [['*returns*' if n == 'returns' else code(n), code(t), 'new' if d == 'new' else code(d), plain(m)] for n, t, d, m in rows]
    keep = [i for i in range(4) if i in (0, 3) or any(r[i] for r in cells)]
    return table([[r[i] for i in keep] for r in cells], [[what, 'type', 'default', 'meaning'][i] for i in keep])

def source_line(sym):
    "Line of the def or class statement, below its decorators"
    lines, start = inspect.getsourcelines(sym)
    return max(start, 1) + next(i for i, s in enumerate(lines) if re.match(r'\s*(def|class)\s', s))

def entry(module, name, source, level=3):
    "Markdown of an entry; the methods of a class follow as entries one level below"
    obj, sym = find(module, name)
    is_cls, is_prop = inspect.isclass(sym), isinstance(obj, property)
    rows = [] if is_prop else parameters(sym)
    call = signature(name, rows) if rows or not (is_cls or is_prop) else name
    if is_prop and type_of(obj): call += f': {type_of(obj)}'
    if rows and rows[-1][0] == 'returns' and not rows[-1][3]: call += f' -> {rows.pop()[1]}'   # the docstring says what it is
    url = f"{source}/{module.replace('.', '/')}.py#L{source_line(sym)}"
    parts = ['::: {.api-entry}', f"{'#' * level} {name} {{#{name.lower()} .api-name}}", f'[source]({url}){{.api-source}}',
             f'```python\n{call}\n```', doc(sym),
             rows_table(rows, 'field' if is_cls and is_record(sym) else 'parameter'),
             rows_table(list(properties(sym)), 'property') if is_cls else '', ':::']
    if is_cls: parts += [entry(module, f'{name}.{m}', source, level + 1) for m in methods(sym)]
    return '\n\n'.join(p for p in parts if p)
