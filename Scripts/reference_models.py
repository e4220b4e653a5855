"""The zoo in plain PyTorch, to check the Swift networks against an independent implementation.

Each network returns (stages after activation, the same before it, pooled, logits), the stem first in
both lists, as the files of golden values have them.
"""

import torch
import torch.nn.functional as F
from torch import nn

import reference_imagenet


def conv(width_in, width, size=3, stride=1, groups=1, bias=False):
    return nn.Conv2d(width_in, width, size, stride, size // 2, groups=groups, bias=bias)


def unit(width_in, width, size=3, stride=1, groups=1):
    return [conv(width_in, width, size, stride, groups), nn.BatchNorm2d(width), nn.ReLU()]


def shuffle(x, groups):
    n, c, h, w = x.shape
    return x.reshape(n, groups, c // groups, h, w).transpose(1, 2).reshape(n, c, h, w)


class Tower(nn.Module):
    """A stem, stages of blocks that return their sum before ReLU, and a classifier."""

    def finish(self, x, blocks_by_stage, classifier):
        after, before = [x], [x]
        for stage in blocks_by_stage:
            for block in stage:
                total = block(x)
                x = F.relu(total)
            after.append(x)
            before.append(total)
        pooled = F.adaptive_avg_pool2d(x, 1)
        return after, before, pooled, classifier(pooled.flatten(1))


class Block(nn.Module):
    shortcut_name = "downsample"

    def __init__(self, width_in, width, stride):
        super().__init__()
        self.conv1 = conv(width_in, width, 3, stride)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = conv(width, width)
        self.bn2 = nn.BatchNorm2d(width)
        if stride != 1 or width_in != width:
            layers = nn.Sequential(conv(width_in, width, 1, stride), nn.BatchNorm2d(width))
            setattr(self, self.shortcut_name, layers)

    def forward(self, x):
        carried = getattr(self, self.shortcut_name, nn.Identity())(x)
        return self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + carried


class SmallResNet(Tower):
    def __init__(self, name, classes=100):
        super().__init__()
        widths = [32, 64, 128, 256] if name.endswith("x4") else [16, 16, 32, 64]
        blocks = (int(name.removeprefix("resnet").removesuffix("x4")) - 2) // 6
        self.conv1, self.bn1 = conv(3, widths[0]), nn.BatchNorm2d(widths[0])
        for stage, (before, width) in enumerate(zip(widths, widths[1:]), 1):
            rest = [Block(width, width, 1) for _ in range(blocks - 1)]
            first = Block(before, width, 1 if stage == 1 else 2)
            setattr(self, f"layer{stage}", nn.ModuleList([first, *rest]))
        self.fc = nn.Linear(widths[-1], classes)

    def forward(self, x):
        stem = F.relu(self.bn1(self.conv1(x)))
        return self.finish(stem, [self.layer1, self.layer2, self.layer3], self.fc)


class LargeBlock(Block):
    shortcut_name = "shortcut"


class Bottleneck(nn.Module):
    def __init__(self, width_in, width, stride):
        super().__init__()
        self.conv1, self.bn1 = conv(width_in, width, 1), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = conv(width, width, 3, stride), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = conv(width, 4 * width, 1), nn.BatchNorm2d(4 * width)
        self.shortcut = nn.Sequential()
        if stride != 1 or width_in != 4 * width:
            layers = [conv(width_in, 4 * width, 1, stride), nn.BatchNorm2d(4 * width)]
            self.shortcut = nn.Sequential(*layers)

    def forward(self, x):
        inner = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
        return self.bn3(self.conv3(inner)) + self.shortcut(x)


class LargeResNet(Tower):
    def __init__(self, name, classes=100):
        super().__init__()
        counts = [2, 2, 2, 2] if name == "ResNet18" else [3, 4, 6, 3]
        kind, expansion = (Bottleneck, 4) if name == "ResNet50" else (LargeBlock, 1)
        self.conv1, self.bn1, before = conv(3, 64), nn.BatchNorm2d(64), 64
        for stage, count in enumerate(counts, 1):
            width, blocks = 32 * 2**stage, []
            for index in range(count):
                blocks.append(kind(before, width, 2 if index == 0 and stage > 1 else 1))
                before = width * expansion
            setattr(self, f"layer{stage}", nn.ModuleList(blocks))
        self.linear = nn.Linear(before, classes)

    def forward(self, x):
        stem = F.relu(self.bn1(self.conv1(x)))
        stages = [self.layer1, self.layer2, self.layer3, self.layer4]
        return self.finish(stem, stages, self.linear)


class WideBlock(nn.Module):
    def __init__(self, width_in, width, stride):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(width_in), conv(width_in, width, 3, stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(width), conv(width, width)
        if width_in != width:
            self.convShortcut = conv(width_in, width, 1, stride)

    def forward(self, x, normal=None):
        active = F.relu(self.bn1(x) if normal is None else normal)
        inner = self.conv2(F.relu(self.bn2(self.conv1(active))))
        return inner + (self.convShortcut(active) if hasattr(self, "convShortcut") else x)


class WideResNet(nn.Module):
    def __init__(self, name, classes=100):
        super().__init__()
        depth, factor = (int(part) for part in name.split("_")[1:])
        self.conv1, before = conv(3, 16), 16
        for stage in (1, 2, 3):
            width, blocks = 8 * 2**stage * factor, nn.ModuleList()
            for index in range((depth - 4) // 6):
                blocks.append(WideBlock(before, width, 2 if index == 0 and stage > 1 else 1))
                before = width
            setattr(self, f"block{stage}", nn.ModuleDict({"layer": blocks}))
        self.bn1, self.fc = nn.BatchNorm2d(before), nn.Linear(before, classes)

    def forward(self, x):
        x, normal = self.conv1(x), None
        after, before = [x], [x]
        following = [self.block2["layer"][0].bn1, self.block3["layer"][0].bn1, self.bn1]
        for stage, norm in zip((self.block1, self.block2, self.block3), following):
            for block in stage["layer"]:
                x, normal = block(x, normal), None
            normal = norm(x)  # once, so that running statistics move once
            after.append(x)
            before.append(normal)
        pooled = F.adaptive_avg_pool2d(F.relu(normal), 1)
        return after, before, pooled, self.fc(pooled.flatten(1))


class VGG(nn.Module):
    COUNTS = {8: [1] * 5, 11: [1, 1, 2, 2, 2], 13: [2] * 5, 16: [2, 2, 3, 3, 3], 19: [2, 2, 4, 4, 4]}

    def __init__(self, name, classes=100):
        super().__init__()
        before = 3
        counts = self.COUNTS[int(name.removeprefix("vgg"))]
        for index, (count, width) in enumerate(zip(counts, [64, 128, 256, 512, 512])):
            layers = []
            for _ in range(count):
                layers += [conv(before, width, bias=True), nn.BatchNorm2d(width), nn.ReLU()]
                before = width
            setattr(self, f"block{index}", nn.Sequential(*layers[:-1]))
        self.classifier = nn.Linear(before, classes)

    def forward(self, x):
        x = F.relu(self.block0(x))
        after, before = [x], [x]
        for index in range(1, 5):
            x = getattr(self, f"block{index}")(F.max_pool2d(x, 2) if index < 4 else x)
            before.append(x)
            x = F.relu(x)
            after.append(x)
        pooled = F.adaptive_avg_pool2d(x, 1)
        return after, before, pooled, self.classifier(pooled.flatten(1))


class Inverted(nn.Module):
    def __init__(self, width_in, width, stride, expansion):
        super().__init__()
        inner = width_in * expansion
        layers = [*unit(width_in, inner, 1), *unit(inner, inner, 3, stride, inner)]
        self.conv = nn.Sequential(*layers, *unit(inner, width, 1)[:2])
        self.stays = stride == 1 and width_in == width

    def forward(self, x):
        return x + self.conv(x) if self.stays else self.conv(x)


class MobileNetV2(nn.Module):
    GROUPS = [(1, 8, 1, 1), (6, 12, 2, 1), (6, 16, 3, 2), (6, 32, 4, 2), (6, 48, 3, 1),
              (6, 80, 3, 2), (6, 160, 1, 1)]

    def __init__(self, name, classes=100):
        super().__init__()
        self.conv1, before = nn.Sequential(*unit(3, 16, 3, 2)), 16
        self.blocks = nn.ModuleList()
        for expansion, width, count, stride in self.GROUPS:
            blocks = []
            for index in range(count):
                blocks.append(Inverted(before, width, stride if index == 0 else 1, expansion))
                before = width
            self.blocks.append(nn.Sequential(*blocks))
        self.conv2 = nn.Sequential(*unit(before, 1280, 1))
        self.classifier = nn.Sequential(nn.Linear(1280, classes))

    def forward(self, x):
        x = self.conv1(x)
        after = [x]
        for index, group in enumerate(self.blocks):
            x = group(x)
            if index in (1, 2, 4, 6):
                after.append(x)
        pooled = F.adaptive_avg_pool2d(self.conv2(x), 1)
        return after, after, pooled, self.classifier(pooled.flatten(1))


class ShuffleBlockV1(nn.Module):
    def __init__(self, width_in, width, stride):
        super().__init__()
        inner, self.groups, self.stride = width // 4, 1 if width_in == 24 else 3, stride
        self.conv1 = conv(width_in, inner, 1, groups=self.groups)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2, self.bn2 = conv(inner, inner, 3, stride, inner), nn.BatchNorm2d(inner)
        self.conv3, self.bn3 = conv(inner, width, 1, groups=3), nn.BatchNorm2d(width)

    def forward(self, x):
        inner = shuffle(F.relu(self.bn1(self.conv1(x))), self.groups)
        inner = self.bn3(self.conv3(F.relu(self.bn2(self.conv2(inner)))))
        if self.stride == 1:
            return inner + x
        return torch.cat([inner, F.avg_pool2d(x, 3, 2, 1)], 1)


class ShuffleV1(Tower):
    def __init__(self, name, classes=100):
        super().__init__()
        self.conv1, self.bn1, before = conv(3, 24, 1), nn.BatchNorm2d(24), 24
        for stage, (width, count) in enumerate([(240, 4), (480, 8), (960, 4)], 1):
            rest = [ShuffleBlockV1(width, width, 1) for _ in range(count - 1)]
            first = ShuffleBlockV1(before, width - before, 2)
            setattr(self, f"layer{stage}", nn.ModuleList([first, *rest]))
            before = width
        self.linear = nn.Linear(before, classes)

    def forward(self, x):
        stem = F.relu(self.bn1(self.conv1(x)))
        return self.finish(stem, [self.layer1, self.layer2, self.layer3], self.linear)


class Split(nn.Module):
    def __init__(self, width):
        super().__init__()
        half = width // 2
        self.conv1, self.bn1 = conv(half, half, 1), nn.BatchNorm2d(half)
        self.conv2, self.bn2 = conv(half, half, 3, 1, half), nn.BatchNorm2d(half)
        self.conv3, self.bn3 = conv(half, half, 1), nn.BatchNorm2d(half)

    def forward(self, x):
        kept, x = x.chunk(2, 1)
        x = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return kept, self.bn3(self.conv3(x))


class Down(nn.Module):
    def __init__(self, width_in, width):
        super().__init__()
        half = width // 2
        self.conv1, self.bn1 = conv(width_in, width_in, 3, 2, width_in), nn.BatchNorm2d(width_in)
        self.conv2, self.bn2 = conv(width_in, half, 1), nn.BatchNorm2d(half)
        self.conv3, self.bn3 = conv(width_in, half, 1), nn.BatchNorm2d(half)
        self.conv4, self.bn4 = conv(half, half, 3, 2, half), nn.BatchNorm2d(half)
        self.conv5, self.bn5 = conv(half, half, 1), nn.BatchNorm2d(half)

    def forward(self, x):
        left = F.relu(self.bn2(self.conv2(self.bn1(self.conv1(x)))))
        right = self.bn4(self.conv4(F.relu(self.bn3(self.conv3(x)))))
        return left, self.bn5(self.conv5(right))


class ShuffleV2(nn.Module):
    def __init__(self, name, classes=100):
        super().__init__()
        self.conv1, self.bn1, before = conv(3, 24, 1), nn.BatchNorm2d(24), 24
        for stage, (width, count) in enumerate([(116, 3), (232, 7), (464, 3)], 1):
            rest = [Split(width) for _ in range(count)]
            setattr(self, f"layer{stage}", nn.ModuleList([Down(before, width), *rest]))
            before = width
        self.conv2, self.bn2 = conv(before, 1024, 1), nn.BatchNorm2d(1024)
        self.linear = nn.Linear(1024, classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        after, before = [x], [x]
        for stage in (self.layer1, self.layer2, self.layer3):
            for block in stage:
                left, right = block(x)
                x = shuffle(torch.cat([left, F.relu(right)], 1), 2)
            before.append(torch.cat([left, right], 1))
            after.append(x)
        pooled = F.adaptive_avg_pool2d(F.relu(self.bn2(self.conv2(x))), 1)
        return after, before, pooled, self.linear(pooled.flatten(1))


FAMILIES = {
    "resnet": SmallResNet, "ResNet": LargeResNet, "wrn": WideResNet, "vgg": VGG,
    "MobileNetV2": MobileNetV2, "ShuffleV1": ShuffleV1, "ShuffleV2": ShuffleV2,
}


def make(name, classes=None):
    """The network of this name, with PyTorch's default weights and its usual number of classes."""
    if name.startswith("imagenet-"):
        return reference_imagenet.make(name.removeprefix("imagenet-"), classes or 1000)
    classes = classes or 100
    return next(f for start, f in FAMILIES.items() if name.startswith(start))(name, classes)
