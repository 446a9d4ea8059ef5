"""Architectures of timm, by its names, at sizes of input that take seconds."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from benchmarks.foreign.networks.network import Built, Network, image

_SIDES: dict[int, str] = {
    64: (
        "mobilenetv3_small_100 mobilenetv3_large_075 mnasnet_050 efficientnet_lite0 efficientnet_b0"
        " tinynet_e lcnet_050 fbnetc_100 fbnetv3_b hardcorenas_a regnetx_002 regnety_002"
        " mobilenetv2_050 spnasnet_100 semnasnet_050 mixnet_s rexnet_100 mobilenet_edgetpu_v2_xs"
        " mobilenetv1_100 ghostnet_050 ghostnetv2_100 ghostnetv3_100 repvgg_a0 mobileone_s0"
        " repghostnet_050 convnext_atto convnext_atto_rms convnextv2_atto poolformer_s12"
        " starnet_s1 fasternet_t0 hgnetv2_b0 dla34 ese_vovnet19b_slim res2net50_26w_4s"
        " skresnet18 resnest14d dpn68 densenet121 resnet10t resnetv2_18 eca_nfnet_l0"
        " hrnet_w18_small darknet17 cs3darknet_focus_s convmixer_768_32 mobilenetv4_conv_small"
        " mobilenetv4_conv_small_050 vovnet39a selecsls42 tf_mobilenetv3_small_minimal_100"
        " tf_efficientnet_lite0 tf_mixnet_s resnet18 resnet26t seresnet18 legacy_seresnet18"
        " ecaresnet26t tresnet_m gernet_s resnetaa50d resnetblur18 wide_resnet50_2 resnext26ts"
        " nf_regnet_b0 bat_resnext26ts lambda_resnet26t inception_next_atto mambaout_femto"
        " poolformerv2_s12 convformer_s18 edgenext_xx_small efficientvit_b0"
    ),
    96: "inception_v3 inception_v4 xception41 vgg11_bn",
    128: "mobilevit_xxs mobilevit_xs mobilevitv2_050 mobilenetv4_hybrid_medium caformer_s18"
    " nextvit_small repvit_m0_9 shvit_s1 csatv2 fastvit_mci0",
    224: (
        "efficientformer_l1 efficientformerv2_s0 fastvit_t8 fastvit_sa12 levit_128s levit_conv_128s"
        " efficientvit_m0 tiny_vit_5m_224 pvt_v2_b0 coat_lite_tiny visformer_tiny swiftformer_xs"
        " convit_tiny crossvit_9_240 pit_ti_224 xcit_nano_12_p16_224 mixer_s32_224 gmlp_ti16_224"
        " resmlp_12_224 twins_svt_small davit_tiny gcvit_xxtiny nest_tiny tnt_s_patch16_224"
        " sequencer2d_s volo_d1_224 focalnet_tiny_srf vit_tiny_r_s16_p8_224"
    ),
    256: "maxvit_rmlp_pico_rw_256 halonet26t botnet26t_256 edgenext_small",
}
"""Sizes of the input, and what is tried at them."""

_OTHER: Mapping[str, tuple[str, int, Mapping[str, Any]]] = {
    "vit_tiny": ("vit_tiny_patch16_224", 96, {"img_size": 96, "depth": 4}),
    "deit_tiny": ("deit_tiny_patch16_224", 96, {"img_size": 96, "depth": 4}),
    "deit_tiny_distilled": ("deit_tiny_distilled_patch16_224", 96, {"img_size": 96, "depth": 4}),
    "vit_tiny_dinov3": ("vit_tiny_patch16_dinov3_qkvb", 96, {"img_size": 96, "depth": 4}),
    "swin_tiny": ("swin_tiny_patch4_window7_224", 112, {"img_size": 112, "depths": (2, 2, 2, 2)}),
    "swinv2_tiny": ("swinv2_tiny_window8_256", 128, {"img_size": 128, "depths": (2, 2, 2, 2)}),
    "swinv2_cr_tiny": ("swinv2_cr_tiny_224", 112, {"img_size": 112, "depths": (2, 2, 2, 2)}),
    "maxvit_nano": ("maxvit_nano_rw_256", 128, {"img_size": 128}),
    "coatnet_0": ("coatnet_0_rw_224", 96, {"img_size": 96}),
    "coatnet_rmlp_1": ("coatnet_rmlp_1_rw_224", 96, {"img_size": 96}),
    "hiera_tiny": ("hiera_tiny_224", 224, {"stages": (1, 1, 2, 1)}),
    "mvitv2_tiny": ("mvitv2_tiny", 224, {"depths": (1, 1, 2, 1)}),
    "cait_xxs24": ("cait_xxs24_224", 96, {"img_size": 96, "depth": 4}),
    "beit_base": ("beit_base_patch16_224", 96, {"img_size": 96, "depth": 2}),
    "eva02_tiny": ("eva02_tiny_patch14_224", 112, {"img_size": 112, "depth": 3}),
    "samvit_base": ("samvit_base_patch16_224", 224, {"depth": 2, "embed_dim": 192}),
    "rdnet_tiny": ("rdnet_tiny", 64, {}),
}
"""Smaller or shallower ones: a name of ours, timm's, the size of the input, arguments."""


def build(name: str, side: int, arguments: Mapping[str, Any]) -> Built:
    """Return a network of timm and a square image, by its name there."""
    import timm

    return timm.create_model(name, pretrained=False, **arguments), (image(side),)


NETWORKS = tuple(
    Network(f"timm/{name}", partial(build, name, 240 if name.endswith("240") else side, {}))
    for side, names in _SIDES.items()
    for name in names.split()
) + tuple(Network(f"timm/{name}", partial(build, *row)) for name, row in _OTHER.items())
