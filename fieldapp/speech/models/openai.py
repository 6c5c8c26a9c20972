"""Whisper checkpoints as OpenAI publishes them (one .pt file): rewritten as a Hugging Face checkpoint, from where they are converted.

Only tables of numbers are read (PyTorch's weights-only reader). The file holds no tokenizer: it must lie beside it.
"""

from __future__ import annotations

import re
from pathlib import Path

from fieldapp.errors import ModelError

_NAMES = (
    (r"\bblocks\.", "layers."),
    (r"\bcross_attn\.", "encoder_attn."),
    (r"\bcross_attn_ln\.", "encoder_attn_layer_norm."),
    (r"\battn\.", "self_attn."),
    (r"\battn_ln\.", "self_attn_layer_norm."),
    (r"\.query\.", ".q_proj."),
    (r"\.key\.", ".k_proj."),
    (r"\.value\.", ".v_proj."),
    (r"\.out\.", ".out_proj."),
    (r"\bmlp_ln\.", "final_layer_norm."),
    (r"\bmlp\.0\.", "fc1."),
    (r"\bmlp\.2\.", "fc2."),
    (r"\bln_post\.", "layer_norm."),
    (r"^decoder\.ln\.", "decoder.layer_norm."),
    (r"\btoken_embedding\.", "embed_tokens."),
    (r"\bpositional_embedding$", "embed_positions.weight"),
)


def renamed(key: str) -> str:
    """OpenAI's name of a table in Hugging Face's words."""
    for pattern, replacement in _NAMES:
        key = re.sub(pattern, replacement, key)
    return f"model.{key}"


def from_openai(original: Path, checkpoint: Path) -> None:
    """Write config.json and the weights into `checkpoint`, where the tokenizer lies already."""
    import torch  # noqa: PLC0415  (only conversion needs it)
    import transformers  # noqa: PLC0415

    if not (checkpoint / "tokenizer.json").exists():
        raise ModelError(f"{original} holds no tokenizer.", "Put the tokenizer.json of a Whisper of the same vocabulary beside it.")
    held = torch.load(original, map_location="cpu", weights_only=True)
    if not isinstance(held, dict) or not {"dims", "model_state_dict"} <= held.keys():
        raise ModelError(f"{original} is no Whisper checkpoint.", "It must hold 'dims' and 'model_state_dict'.")
    dims = held["dims"]
    config = transformers.WhisperConfig(
        vocab_size=dims["n_vocab"],
        num_mel_bins=dims["n_mels"],
        d_model=dims["n_audio_state"],
        max_source_positions=dims["n_audio_ctx"],
        max_target_positions=dims["n_text_ctx"],
        encoder_layers=dims["n_audio_layer"],
        encoder_attention_heads=dims["n_audio_head"],
        decoder_layers=dims["n_text_layer"],
        decoder_attention_heads=dims["n_text_head"],
        encoder_ffn_dim=4 * dims["n_audio_state"],
        decoder_ffn_dim=4 * dims["n_text_state"],
    )
    model = transformers.WhisperForConditionalGeneration(config)
    tables = {renamed(key): table.float() for key, table in held["model_state_dict"].items()}
    lacking, surplus = model.load_state_dict(tables, strict=False)
    if surplus or set(lacking) - {"proj_out.weight"}:
        raise ModelError(f"{original} does not hold the tables of a Whisper ({[*surplus, *lacking][0]}).", "Fetch it again.")
    model.tie_weights()
    model.save_pretrained(checkpoint)
