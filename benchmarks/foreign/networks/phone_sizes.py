"""The networks that race with other converters' files, at the sizes that phones run them in."""

from __future__ import annotations

from functools import partial

from benchmarks.foreign.networks import detection, segmentation, sequences, timm_names
from benchmarks.foreign.networks.network import Built, Network, image

_SIDES: dict[int, str] = {
    106: "tinynet_e",
    192: "mobilevit_xxs convnext_atto",
    224: (
        "mobilenetv4_conv_small mobilenetv3_small_100 efficientnet_lite0 efficientnet_b0"
        " ghostnet_100 lcnet_050 starnet_s1 mobileone_s0 repvgg_a0 resnet18 efficientformer_l1"
        " fastvit_t8 levit_128s"
    ),
}
"""Sizes of the input, and timm's names."""

_TRANSFORMERS = {
    "vit_tiny": ("vit_tiny_patch16_224", 224, {"img_size": 224}),
    "swin_tiny": ("swin_tiny_patch4_window7_224", 112, {"img_size": 112, "depths": (2, 2, 2, 2)}),
}


def _yolo_v5(*, decodes: bool) -> Built:
    return detection.YoloV5(decodes=decodes, width=16), (image(224),)


def _yolo_v8() -> Built:
    return detection.YoloV8(decodes=True, width=16), (image(224),)


def _u_net(*, transposed: bool) -> Built:
    return segmentation.UNet(transposed=transposed), (image(128),)


def _espcn() -> Built:
    return segmentation.Espcn(), (image(96, 1),)


def _as_tried(part: tuple[Network, ...], name: str) -> Network:
    """Return a network of another table, whose size is a phone's already."""
    (found,) = (network for network in part if network.name == name)
    return Network(f"phone/{name.partition('/')[2]}", found.build)


NETWORKS = (
    *(
        Network(f"phone/{name}", partial(timm_names.build, name, side, {}))
        for side, names in _SIDES.items()
        for name in names.split()
    ),
    *(
        Network(f"phone/{name}", partial(timm_names.build, *row))
        for name, row in _TRANSFORMERS.items()
    ),
    Network(
        "phone/deeplabv3_mobilenet",
        partial(segmentation.of_torchvision, "deeplabv3_mobilenet_v3_large", 192),
    ),
    Network(
        "phone/lraspp_mobilenet",
        partial(segmentation.of_torchvision, "lraspp_mobilenet_v3_large", 192),
    ),
    Network("phone/unet_transposed", partial(_u_net, transposed=True)),
    Network("phone/unet_bilinear", partial(_u_net, transposed=False)),
    Network("phone/espcn", _espcn),
    _as_tried(detection.NETWORKS, "detection/ssdlite_heads"),
    Network("phone/yolov5_maps", partial(_yolo_v5, decodes=False)),
    Network("phone/yolov5_boxes", partial(_yolo_v5, decodes=True)),
    Network("phone/yolov8_boxes", _yolo_v8),
    _as_tried(sequences.NETWORKS, "sequence/ds_cnn_1d"),
    _as_tried(sequences.NETWORKS, "sequence/ds_cnn_2d"),
    _as_tried(sequences.NETWORKS, "sequence/gru"),
)
