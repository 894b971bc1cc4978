__version__ = "0.2.0"

# The names a newcomer needs, imported when first asked for: `import midi_rae` itself loads neither torch nor timm.
_HOMES = dict(
    SwinEncoder='swin', SwinDecoder='swin', SwinMAEDecoder='swin', SwinMaskedEmbeddingPredictor='swin',
    ViTEncoder='vit', ViTDecoder='vit', LightweightMAEDecoder='vit',
    EncoderOutput='core', load_model='hub', mae_decoder_for='hub', decoder_for='hub', predictor_for='hub',
    encode_midi='embed', encode_roll='embed', embed_midi='embed', reconstruct_midi='reconstruct',
    build_index='library', search_index='search', search_midi='search',
    midi_to_roll='pianoroll', roll_to_midi='pianoroll', example_notes='pianoroll', notes_to_roll='pianoroll',
    plot_levels='viz', plot_roll='viz',
)
__all__ = ['__version__', *_HOMES]


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module 'midi_rae' has no attribute {name!r}; at the top there are {', '.join(_HOMES)}")
    from importlib import import_module
    return getattr(import_module(f'midi_rae.{_HOMES[name]}'), name)


def __dir__():
    return sorted(set(globals()) | set(_HOMES))
