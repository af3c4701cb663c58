# SPDX-License-Identifier: Apache-2.0
"""What the networks are made of, written from the published architectures of YOLOv8, YOLO11 and
YOLO26."""

import torch
from torch import nn


class Conv(nn.Module):
    """Convolution, batch normalisation, SiLU (or nothing)."""

    def __init__(self, cin, cout, k=1, s=1, groups=1, act=True):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, k, s, k // 2, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(cout, eps=1e-3, momentum=0.03)
        self.act = nn.SiLU(inplace=True) if act else nn.Identity()

    def forward(self, x):
        return self.act(self.bn(self.conv(x)))

    def fold(self):
        """Puts the batch normalisation into the convolution."""
        k = self.bn.weight / torch.sqrt(self.bn.running_var + self.bn.eps)
        folded = nn.Conv2d(
            self.conv.in_channels,
            self.conv.out_channels,
            self.conv.kernel_size,
            self.conv.stride,
            self.conv.padding,
            groups=self.conv.groups,
        )
        folded.weight.data = (self.conv.weight * k[:, None, None, None]).detach().contiguous()
        folded.bias.data = (self.bn.bias - self.bn.running_mean * k).detach()
        self.conv, self.bn = folded, nn.Identity()


def depthwise(c, k=3):
    return Conv(c, c, k, groups=c)


class Bottleneck(nn.Module):
    """Two 3x3 convolutions, the first to `hidden` channels (c where it is not given)."""

    def __init__(self, c, shortcut, hidden=None):
        super().__init__()
        hidden = hidden or c
        self.cv1, self.cv2, self.add = Conv(c, hidden, 3), Conv(hidden, c, 3), shortcut

    def forward(self, x):
        y = self.cv2(self.cv1(x))
        return x + y if self.add else y


class C2f(nn.Module):
    def __init__(self, cin, cout, n=1, shortcut=False):
        super().__init__()
        self.c = cout // 2
        self.cv1 = Conv(cin, 2 * self.c)
        self.cv2 = Conv((2 + n) * self.c, cout)
        self.m = nn.ModuleList(Bottleneck(self.c, shortcut) for _ in range(n))

    def forward(self, x):
        parts = list(self.cv1(x).split((self.c, self.c), 1))
        for m in self.m:
            parts.append(m(parts[-1]))
        return self.cv2(torch.cat(parts, 1))


class C3k(nn.Module):
    """Two bottlenecks at half the channels, and a way past them."""

    def __init__(self, c):
        super().__init__()
        half = c // 2
        self.cv1, self.cv2, self.cv3 = Conv(c, half), Conv(c, half), Conv(2 * half, c)
        self.m = nn.Sequential(Bottleneck(half, True), Bottleneck(half, True))

    def forward(self, x):
        return self.cv3(torch.cat((self.m(self.cv1(x)), self.cv2(x)), 1))


class Attention(nn.Module):
    """Self-attention of all cells; keys have half the channels of values.  A depthwise
    convolution of the values says where a cell lies."""

    def __init__(self, c, heads):
        super().__init__()
        self.heads, self.value = heads, c // heads
        self.key = self.value // 2
        self.qkv = Conv(c, c + 2 * heads * self.key, act=False)
        self.proj = Conv(c, c, act=False)
        self.pe = Conv(c, c, 3, groups=c, act=False)

    def forward(self, x):
        b, c, h, w = x.shape
        qkv = self.qkv(x).view(b, self.heads, 2 * self.key + self.value, h * w)
        q, k, v = qkv.split((self.key, self.key, self.value), 2)
        weights = ((q * self.key**-0.5).transpose(-2, -1) @ k).softmax(-1)
        seen = (v @ weights.transpose(-2, -1)).view(b, c, h, w)
        return self.proj(seen + self.pe(v.reshape(b, c, h, w)))


class AttentionBlock(nn.Module):
    def __init__(self, c, heads):
        super().__init__()
        self.attn = Attention(c, heads)
        self.ffn = nn.Sequential(Conv(c, 2 * c), Conv(2 * c, c, act=False))

    def forward(self, x):
        x = x + self.attn(x)
        return x + self.ffn(x)


class C3k2(nn.Module):
    """As C2f, with one of three things inside: a bottleneck at half the channels ("plain"), C3k
    ("deep"), or such a bottleneck and attention ("attention")."""

    def __init__(self, cin, cout, inside, share=0.5, heads=2):
        super().__init__()
        self.c = c = int(cout * share)
        self.cv1, self.cv2 = Conv(cin, 2 * c), Conv(3 * c, cout)
        if inside == "deep":
            m = C3k(c)
        elif inside == "plain":
            m = Bottleneck(c, True, c // 2)
        else:
            m = nn.Sequential(Bottleneck(c, True, c // 2), AttentionBlock(c, heads))
        self.m = nn.ModuleList([m])

    def forward(self, x):
        a, b = self.cv1(x).split((self.c, self.c), 1)
        return self.cv2(torch.cat((a, b, self.m[0](b)), 1))


class C2PSA(nn.Module):
    """Attention over one half of the channels."""

    def __init__(self, c, heads):
        super().__init__()
        self.c = c // 2
        self.cv1, self.cv2 = Conv(c, 2 * self.c), Conv(2 * self.c, c)
        self.m = nn.Sequential(AttentionBlock(self.c, heads))

    def forward(self, x):
        a, b = self.cv1(x).split((self.c, self.c), 1)
        return self.cv2(torch.cat((a, self.m(b)), 1))


class SPPF(nn.Module):
    """`shortcut`: YOLO26's, with a linear first convolution and the input added."""

    def __init__(self, cin, cout, shortcut=False):
        super().__init__()
        self.cv1 = Conv(cin, cin // 2, act=not shortcut)
        self.cv2 = Conv(cin * 2, cout)
        self.m, self.add = nn.MaxPool2d(5, 1, 2), shortcut

    def forward(self, x):
        y = [self.cv1(x)]
        for _ in range(3):
            y.append(self.m(y[-1]))
        out = self.cv2(torch.cat(y, 1))
        return out + x if self.add else out


class Concat(nn.Module):
    def forward(self, *xs):
        return torch.cat(xs, 1)
