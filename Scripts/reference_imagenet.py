"""The networks of ImageNet in plain PyTorch, beside those of reference_models.py, with the same results.

The names in their state dicts are torchvision's and, of MobileNetV1, those of ReviewKD's authors.
"""

import torch.nn.functional as F
from torch import nn


def conv(width_in, width, size, stride=1, groups=1):
    return nn.Conv2d(width_in, width, size, stride, size // 2, groups=groups, bias=False)


class Residual(nn.Module):
    """A block whose result is the sum before its last ReLU."""

    def __init__(self, width_in, width, stride, is_bottleneck):
        super().__init__()
        width_out = 4 * width if is_bottleneck else width
        self.is_bottleneck = is_bottleneck
        if is_bottleneck:
            self.conv1, self.bn1 = conv(width_in, width, 1), nn.BatchNorm2d(width)
            self.conv2, self.bn2 = conv(width, width, 3, stride), nn.BatchNorm2d(width)
            self.conv3, self.bn3 = conv(width, width_out, 1), nn.BatchNorm2d(width_out)
        else:
            self.conv1, self.bn1 = conv(width_in, width, 3, stride), nn.BatchNorm2d(width)
            self.conv2, self.bn2 = conv(width, width, 3), nn.BatchNorm2d(width)
        self.downsample = None
        if stride != 1 or width_in != width_out:
            self.downsample = nn.Sequential(
                conv(width_in, width_out, 1, stride), nn.BatchNorm2d(width_out))

    def forward(self, x):
        inner = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.is_bottleneck:
            inner = self.bn3(self.conv3(F.relu(inner)))
        return inner + (x if self.downsample is None else self.downsample(x))


class ResNet(nn.Module):
    COUNTS = {18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3], 101: [3, 4, 23, 3]}

    def __init__(self, depth, classes):
        super().__init__()
        self.conv1, self.bn1 = conv(3, 64, 7, 2), nn.BatchNorm2d(64)
        before = 64
        for stage, count in enumerate(self.COUNTS[depth], 1):
            width, blocks = 32 * 2**stage, []
            for index in range(count):
                stride = 2 if index == 0 and stage > 1 else 1
                blocks.append(Residual(before, width, stride, depth >= 50))
                before = width * (4 if depth >= 50 else 1)
            setattr(self, f"layer{stage}", nn.Sequential(*blocks))
        self.fc = nn.Linear(before, classes)

    def forward(self, x):
        stem = F.relu(self.bn1(self.conv1(x)))
        x = F.max_pool2d(stem, 3, 2, 1)
        after, before = [stem], [stem]
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            for block in stage:
                total = block(x)
                x = F.relu(total)
            before.append(total)
            after.append(x)
        pooled = F.adaptive_avg_pool2d(x, 1)
        return after, before, pooled, self.fc(pooled.flatten(1))


class MobileNetV1(nn.Module):
    PAIRS = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2),
             *[(512, 1)] * 5, (1024, 2), (1024, 1)]

    def __init__(self, classes):
        super().__init__()
        parts, before = [nn.Sequential(conv(3, 32, 3, 2), nn.BatchNorm2d(32), nn.ReLU())], 32
        for width, stride in self.PAIRS:
            parts.append(nn.Sequential(
                conv(before, before, 3, stride, before), nn.BatchNorm2d(before), nn.ReLU(),
                conv(before, width, 1), nn.BatchNorm2d(width), nn.ReLU()))
            before = width
        self.model = nn.Sequential(*parts)
        self.fc = nn.Linear(before, classes)

    def forward(self, x):
        x = self.model[0](x)
        after, before = [x], [x]
        for index in range(1, 14):
            total = self.model[index][:-1](x)
            x = F.relu(total)
            if index in (3, 5, 11, 13):
                before.append(total)
                after.append(x)
        pooled = F.adaptive_avg_pool2d(x, 1)
        return after, before, pooled, self.fc(pooled.flatten(1))


def make(name, classes=1000):
    """The network of this name behind `imagenet-`, with PyTorch's default weights."""
    if name == "MobileNetV1":
        return MobileNetV1(classes)
    return ResNet(int(name.removeprefix("ResNet")), classes)
