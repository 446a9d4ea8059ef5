"""Architectures of the transformers library, in small configurations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch

from benchmarks.foreign.networks.network import Built, Network, Parts, image, sound, tokens

_SMALL: Mapping[str, Any] = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64,
    "vocab_size": 60, "max_position_embeddings": 40,
}  # fmt: skip
_VISION: Mapping[str, Any] = {**_SMALL, "image_size": 32, "patch_size": 8}

_ROWS: Mapping[str, tuple[str, str, Mapping[str, Any], Callable[[], torch.Tensor]]] = {
    "bert": ("BertForSequenceClassification", "BertConfig", _SMALL, lambda: tokens(16, 60)),
    "mobilebert": (
        "MobileBertForSequenceClassification", "MobileBertConfig",
        {**_SMALL, "embedding_size": 16, "intra_bottleneck_size": 16,
         "num_feedforward_networks": 2},
        lambda: tokens(16, 60),
    ),
    "albert": (
        "AlbertForSequenceClassification", "AlbertConfig", {**_SMALL, "embedding_size": 16},
        lambda: tokens(16, 60),
    ),
    "distilbert": (
        "DistilBertForSequenceClassification", "DistilBertConfig",
        {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64, "vocab_size": 60},
        lambda: tokens(16, 60),
    ),
    "gpt2": (
        "GPT2LMHeadModel", "GPT2Config",
        {"n_embd": 32, "n_layer": 2, "n_head": 4, "vocab_size": 60, "n_positions": 40,
         "use_cache": False},
        lambda: tokens(16, 60),
    ),
    "llama": (
        "LlamaForCausalLM", "LlamaConfig", {**_SMALL, "num_key_value_heads": 2, "use_cache": False},
        lambda: tokens(16, 60),
    ),
    "t5_encoder": (
        "T5EncoderModel", "T5Config",
        {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4, "vocab_size": 60},
        lambda: tokens(16, 60),
    ),
    "segformer": (
        "SegformerForSemanticSegmentation", "SegformerConfig",
        {"hidden_sizes": [16, 32, 48, 64], "depths": [1, 1, 1, 1], "decoder_hidden_size": 32,
         "num_attention_heads": [1, 2, 3, 4]},
        lambda: image(64),
    ),
    "dinov2": ("Dinov2ForImageClassification", "Dinov2Config", _VISION, lambda: image(32)),
    "clip_vision": ("CLIPVisionModel", "CLIPVisionConfig", _VISION, lambda: image(32)),
    "siglip_vision": ("SiglipVisionModel", "SiglipVisionConfig", _VISION, lambda: image(32)),
    "yolos": (
        "YolosForObjectDetection", "YolosConfig",
        {**_VISION, "image_size": [32, 32], "num_detection_tokens": 5}, lambda: image(32),
    ),
    "dpt": (
        "DPTForDepthEstimation", "DPTConfig",
        {**_VISION, "num_hidden_layers": 4, "backbone_out_indices": [0, 1, 2, 3],
         "neck_hidden_sizes": [8, 16, 24, 24], "fusion_hidden_size": 16},
        lambda: image(32),
    ),
    "wav2vec2": (
        "Wav2Vec2ForCTC", "Wav2Vec2Config",
        {**_SMALL, "conv_dim": (16,) * 3, "conv_kernel": (10, 3, 3), "conv_stride": (5, 2, 2),
         "num_feat_extract_layers": 3, "num_conv_pos_embeddings": 16,
         "num_conv_pos_embedding_groups": 4},
        lambda: sound(1, 1600),
    ),
    "audio_spectrogram": (
        "ASTForAudioClassification", "ASTConfig", {**_SMALL, "max_length": 64, "num_mel_bins": 32},
        lambda: sound(1, 64, 32),
    ),
    "whisper_encoder": (
        "WhisperEncoder", "WhisperConfig",
        {"d_model": 32, "encoder_layers": 2, "encoder_attention_heads": 4, "encoder_ffn_dim": 64,
         "num_mel_bins": 20, "max_source_positions": 40},
        lambda: sound(1, 20, 80),
    ),
}  # fmt: skip


def _first(answer: Mapping[str, torch.Tensor]) -> torch.Tensor:
    names = ("logits", "predicted_depth", "last_hidden_state")
    return next(answer[name] for name in names if name in answer)


def _build(
    model: str, config: str, arguments: Mapping[str, Any], example: Callable[[], torch.Tensor]
) -> Built:
    import transformers
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    made = getattr(transformers, config)(**arguments)
    factory = WhisperEncoder if model == "WhisperEncoder" else getattr(transformers, model)
    return Parts(factory(made), lambda inner, x: _first(inner(x))), (example(),)


NETWORKS = tuple(
    Network(f"transformers/{name}", partial(_build, *row)) for name, row in _ROWS.items()
)
