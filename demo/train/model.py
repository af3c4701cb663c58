# SPDX-License-Identifier: Apache-2.0
"""Narrow detectors with the topologies of YOLOv8, YOLO11 and YOLO26."""

from torch import nn

from blocks import C2PSA, SPPF, C2f, C3k2, Concat, Conv
from heads import Detect, DetectOnce, anchor_points

NETWORKS = ("yolov8", "yolo11", "yolo26")


class Detector(nn.Module):
    """Modules in the order of the published networks; a level's last is in `taps`."""

    def __init__(self, layers, taps, neck):
        super().__init__()
        self.model, self.taps, self.neck = nn.ModuleList(layers), taps, neck

    def forward(self, x):
        m, levels = self.model, []
        for i in range(self.neck):
            x = m[i](x)
            if i in self.taps:
                levels.append(x)
        p3, p4, p5 = levels
        n = self.neck
        n4 = m[n + 2](m[n + 1](m[n](p5), p4))
        n3 = m[n + 5](m[n + 4](m[n + 3](n4), p3))
        n4 = m[n + 8](m[n + 7](m[n + 6](n3), n4))
        n5 = m[n + 11](m[n + 10](m[n + 9](n4), p5))
        return m[n + 12]((n3, n4, n5))

    @property
    def head(self):
        return self.model[-1]

    def predict(self, x):
        """As the exported graph gives it."""
        box, cls = self(x)[-1]
        points, strides = anchor_points(x.shape[-1], x.device)
        return self.head.decode(box.float(), cls.float(), points.t()[None], strides.t())

    def fold(self):
        for m in self.modules():
            if isinstance(m, Conv) and isinstance(m.bn, nn.BatchNorm2d):
                m.fold()
        return self


def neck(up, down):
    """Two blocks upwards and two downwards, each behind a concatenation; (input, block) each."""
    (up4, up3), (down4, down5) = up, down
    double = {"scale_factor": 2, "mode": "nearest"}
    layers = [nn.Upsample(**double), Concat(), up4, nn.Upsample(**double), Concat(), up3]
    for width, block in (down4, down5):
        layers += [Conv(width, width, 3, 2), Concat(), block]
    return layers


def yolov8(nc, widths=(8, 16, 32, 64, 128), depths=(1, 2, 2, 1), hidden=32):
    """Half of yolov8n's widths, its depths."""
    w0, w1, w2, w3, w4 = widths
    d0, d1, d2, d3 = depths
    layers = [Conv(3, w0, 3, 2), Conv(w0, w1, 3, 2), C2f(w1, w1, d0, True)]
    layers += [Conv(w1, w2, 3, 2), C2f(w2, w2, d1, True)]  # 4: stride 8
    layers += [Conv(w2, w3, 3, 2), C2f(w3, w3, d2, True)]  # 6: stride 16
    layers += [Conv(w3, w4, 3, 2), C2f(w4, w4, d3, True), SPPF(w4, w4)]  # 9: stride 32
    layers += neck(
        (C2f(w4 + w3, w3), C2f(w3 + w2, w2)),
        ((w2, C2f(w2 + w3, w3)), (w3, C2f(w3 + w4, w4))),
    )
    layers.append(Detect(nc, (w2, w3, w4), (hidden, hidden)))
    return Detector(layers, (4, 6, 9), 10)


def backbone(widths, heads, shortcut):
    """Of YOLO11 and YOLO26; widths of the stem, the second convolution and strides 4 to 32."""
    w0, w1, w2, w3, w4 = widths
    layers = [Conv(3, w0, 3, 2), Conv(w0, w1, 3, 2), C3k2(w1, w2, "plain", 0.25)]
    layers += [Conv(w2, w2, 3, 2), C3k2(w2, w3, "plain", 0.25)]  # 4: stride 8
    layers += [Conv(w3, w3, 3, 2), C3k2(w3, w3, "deep")]  # 6: stride 16
    layers += [Conv(w3, w4, 3, 2), C3k2(w4, w4, "deep"), SPPF(w4, w4, shortcut)]
    return [*layers, C2PSA(w4, heads)]  # 10: stride 32


def yolo11(nc, widths=(8, 16, 24, 48, 96), hidden=(24, 24), heads=2):
    """Three eighths of yolo11n's widths."""
    _, _, w2, w3, w4 = widths
    layers = backbone(widths, heads, False)
    layers += neck(
        (C3k2(w4 + w3, w3, "plain"), C3k2(w3 + w3, w2, "plain")),
        ((w2, C3k2(w2 + w3, w3, "plain")), (w3, C3k2(w3 + w4, w4, "deep"))),
    )
    layers.append(Detect(nc, (w2, w3, w4), hidden, True))
    return Detector(layers, (4, 6, 10), 11)


def yolo26(nc, widths=(8, 16, 24, 48, 80), hidden=(16, 24), heads=1):
    """As yolo11, but for the last width: attention has 40 channels, keys have 20."""
    _, _, w2, w3, w4 = widths
    layers = backbone(widths, heads, True)
    layers += neck(
        (C3k2(w4 + w3, w3, "deep"), C3k2(w3 + w3, w2, "deep")),
        ((w2, C3k2(w2 + w3, w3, "deep")), (w3, C3k2(w3 + w4, w4, "attention", heads=heads))),
    )
    layers.append(DetectOnce(nc, (w2, w3, w4), hidden))
    return Detector(layers, (4, 6, 10), 11)


def build(network, nc):
    """A network by its name."""
    return {"yolov8": yolov8, "yolo11": yolo11, "yolo26": yolo26}[network](nc)
