"""The methods of `reviewkd bench --method` in plain PyTorch: the yardstick for what each should cost.

Written from the papers' formulas, with LibTorch's operators as they come. Each method is a module that
takes both networks' features of a batch and gives its unweighted term; `WEIGHTS` has the published
weights. `Scripts/check_yardstick.py` compares the terms with the golden values.
"""

import math
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional

# Of the labels' loss and of the term.
WEIGHTS = {
    "kd": (0.1, 0.9),
    "fitnet": (1.0, 100.0),
    "at": (1.0, 1000.0),
    "sp": (1.0, 3000.0),
    "rkd": (1.0, 1.0),
    "pkt": (1.0, 30000.0),
    "vid": (1.0, 1.0),
    "crd": (1.0, 0.8),
    "ofd": (1.0, 0.001),
    "dkd": (1.0, 1.0),
    "dist": (1.0, 1.0),
}


class Features(NamedTuple):
    """What a network makes of a batch: stages before and after their last ReLU, without pooling."""

    logits: torch.Tensor
    before: list
    after: list
    pooled: torch.Tensor


class Batch(NamedTuple):
    """The labels of a batch and the places of its images in the training set."""

    targets: torch.Tensor
    positions: torch.Tensor


class KD(nn.Module):
    """Hinton et al., 2015: the softened predictions."""

    def forward(self, student, teacher, batch):
        return self.loss(student.logits, teacher.logits)

    @staticmethod
    def loss(student, teacher, temperature=4.0):
        prediction = functional.log_softmax(student / temperature, 1)
        target = functional.softmax(teacher / temperature, 1)
        return functional.kl_div(prediction, target, reduction="batchmean") * temperature**2


class FitNet(nn.Module):
    """Romero et al., 2015: the second stage, regressed; both maps of one size."""

    def __init__(self, student_widths, teacher_widths):
        super().__init__()
        self.regressor = nn.Sequential(
            nn.Conv2d(student_widths[1], teacher_widths[1], 1),
            nn.BatchNorm2d(teacher_widths[1]),
            nn.ReLU(),
        )

    def forward(self, student, teacher, batch):
        return functional.mse_loss(self.regressor(student.after[1]), teacher.after[1])


class AT(nn.Module):
    """Zagoruyko and Komodakis, 2017: where a map is strong."""

    def forward(self, student, teacher, batch):
        return sum(self.loss(s, t) for s, t in zip(student.after, teacher.after))

    @staticmethod
    def loss(student, teacher):
        if student.shape[2] > teacher.shape[2]:
            student = functional.adaptive_avg_pool2d(student, teacher.shape[2])
        elif student.shape[2] < teacher.shape[2]:
            teacher = functional.adaptive_avg_pool2d(teacher, student.shape[2])

        def attention(x):
            return functional.normalize(x.pow(2).mean(1).flatten(1))

        return (attention(student) - attention(teacher)).pow(2).mean()


class SP(nn.Module):
    """Tung and Mori, 2019: which images look alike."""

    def forward(self, student, teacher, batch):
        return self.loss(student.after[-1], teacher.after[-1])

    @staticmethod
    def loss(student, teacher):
        def similarities(x):
            rows = x.flatten(1)
            return functional.normalize(rows @ rows.t())

        return (similarities(student) - similarities(teacher)).pow(2).mean()


class RKD(nn.Module):
    """Park et al., 2019: distances and angles between images."""

    def forward(self, student, teacher, batch):
        return self.loss(student.pooled, teacher.pooled)

    @staticmethod
    def loss(student, teacher, distance_weight=25.0, angle_weight=50.0):
        def distances(x):
            squares = x.pow(2).sum(1)
            apart = squares[:, None] + squares[None, :] - 2 * x @ x.t()
            apart = apart.clamp(min=1e-12).sqrt()
            apart = apart * (1 - torch.eye(len(x), dtype=x.dtype, device=x.device))
            return apart / apart[apart > 0].mean()

        def angles(x):
            directions = functional.normalize(x[None, :, :] - x[:, None, :], dim=2)
            return torch.bmm(directions, directions.transpose(1, 2)).flatten()

        with torch.no_grad():
            far, wide = distances(teacher), angles(teacher)
        return distance_weight * functional.smooth_l1_loss(
            distances(student), far
        ) + angle_weight * functional.smooth_l1_loss(angles(student), wide)


class PKT(nn.Module):
    """Passalis and Tefas, 2018: similarities as distributions."""

    def forward(self, student, teacher, batch):
        return self.loss(student.pooled, teacher.pooled)

    @staticmethod
    def loss(student, teacher, epsilon=1e-7):
        def shares(x):
            x = x / (x.pow(2).sum(1, keepdim=True).sqrt() + epsilon)
            similarities = (x @ x.t() + 1) / 2
            return similarities / similarities.sum(1, keepdim=True)

        own, goal = shares(student), shares(teacher)
        return (goal * torch.log((goal + epsilon) / (own + epsilon))).mean()


class VID(nn.Module):
    """Ahn et al., 2019: a normal distribution of the teacher's features."""

    class Stage(nn.Module):
        def __init__(self, inputs, outputs):
            super().__init__()
            self.regressor = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, bias=False),
                nn.ReLU(),
                nn.Conv2d(outputs, outputs, 1, bias=False),
                nn.ReLU(),
                nn.Conv2d(outputs, outputs, 1, bias=False),
            )
            self.rho = nn.Parameter(torch.full((outputs,), math.log(math.exp(5 - 1e-5) - 1)))

        def forward(self, student, teacher):
            mean = self.regressor(student)
            variance = (functional.softplus(self.rho) + 1e-5)[None, :, None, None]
            return ((mean - teacher).pow(2) / variance + variance.log()).mean() / 2

    def __init__(self, student_widths, teacher_widths):
        super().__init__()
        self.stages = nn.ModuleList(
            self.Stage(own, goal) for own, goal in zip(student_widths, teacher_widths)
        )

    def forward(self, student, teacher, batch):
        pairs = zip(self.stages, student.after, teacher.after)
        return sum(stage(s, t) for stage, s, t in pairs)


class CRD(nn.Module):
    """Tian et al., 2020: each image told from those of other classes, with two memories."""

    def __init__(
        self, student_width, teacher_width, labels, width=128, negatives=16384, temperature=0.07,
        momentum=0.5,
    ):
        super().__init__()
        self.student, self.teacher = nn.Linear(student_width, width), nn.Linear(teacher_width, width)
        self.negatives, self.temperature, self.momentum = negatives, temperature, momentum
        bound = math.sqrt(3 / width)
        for name in ("student_memory", "teacher_memory"):
            self.register_buffer(name, torch.empty(len(labels), width).uniform_(-bound, bound))
        self.register_buffer("constants", torch.zeros(2))
        others = [torch.where(labels != label)[0] for label in range(int(labels.max()) + 1)]
        least = min(len(other) for other in others)
        self.register_buffer("others", torch.stack([other[:least] for other in others]))

    def forward(self, student, teacher, batch):
        own = functional.normalize(self.student(student.pooled))
        goal = functional.normalize(self.teacher(teacher.pooled))
        draws = torch.randint(
            self.others.shape[1], (len(own), self.negatives), device=own.device
        )
        negatives = self.others[batch.targets[:, None], draws]
        places = torch.cat([batch.positions[:, None], negatives], 1)
        loss = self.direction(own, self.teacher_memory, places, 0) + self.direction(
            goal, self.student_memory, places, 1
        )
        with torch.no_grad():
            for memory, entries in ((self.student_memory, own), (self.teacher_memory, goal)):
                mixed = memory[batch.positions] * self.momentum + entries * (1 - self.momentum)
                memory[batch.positions] = functional.normalize(mixed)
        return loss

    def direction(self, embeddings, memory, places, index):
        entries = memory[places.flatten()].view(*places.shape, -1)
        scores = torch.exp(
            torch.bmm(entries, embeddings[:, :, None]).squeeze(2) / self.temperature
        )
        with torch.no_grad():
            first = (self.constants[index] == 0).to(scores.dtype)
            self.constants[index] += first * scores.mean() * len(memory)
        shares = scores / self.constants[index].clone()
        noise = self.negatives / len(memory)
        positive, negative = shares[:, :1], shares[:, 1:]
        hit = torch.log(positive / (positive + noise + 1e-7)).sum()
        miss = torch.log(noise / (negative + noise + 1e-7)).sum()
        return -(hit + miss) / len(embeddings)


class OFD(nn.Module):
    """Heo et al., 2019: pre-activations with margins."""

    def __init__(self, student_widths, teacher_widths, norms):
        super().__init__()
        self.connectors = nn.ModuleList(
            nn.Sequential(nn.Conv2d(own, goal, 1, bias=False), nn.BatchNorm2d(goal))
            for own, goal in zip(student_widths, teacher_widths)
        )
        for index, norm in enumerate(norms):
            self.register_buffer(f"margin{index}", self.margin(norm))

    @staticmethod
    def margin(norm):
        margins = []
        for mean, scale in zip(norm.bias.tolist(), norm.weight.abs().tolist()):
            below = math.erfc(mean / scale / math.sqrt(2)) / 2
            density = math.exp(-((mean / scale) ** 2) / 2) / math.sqrt(2 * math.pi)
            margins.append(mean - scale * density / below if below > 0.001 else -3 * scale)
        return torch.tensor(margins)[None, :, None, None]

    def forward(self, student, teacher, batch):
        total, count = 0.0, len(self.connectors)
        for index, connector in enumerate(self.connectors):
            own = connector(student.before[index])
            loss = self.loss(own, teacher.before[index], getattr(self, f"margin{index}"))
            total = total + loss / 2 ** (count - 1 - index)
        return total

    @staticmethod
    def loss(student, teacher, margin):
        goal = torch.maximum(teacher, margin)
        squares = functional.mse_loss(student, goal, reduction="none")
        return (squares * ((student > goal) | (goal > 0)).to(squares.dtype)).sum() / len(student)


class DKD(nn.Module):
    """Zhao et al., 2022: the true class and the others apart."""

    def __init__(self, beta=2.0):
        super().__init__()
        self.beta = beta

    def forward(self, student, teacher, batch):
        return self.loss(student.logits, teacher.logits, batch.targets, beta=self.beta)

    @staticmethod
    def loss(student, teacher, targets, temperature=4.0, alpha=1.0, beta=8.0):
        mask = functional.one_hot(targets, student.shape[1]).to(student.dtype)

        def binary(logits):
            shares = functional.softmax(logits / temperature, 1)
            return torch.stack([(shares * mask).sum(1), (shares * (1 - mask)).sum(1)], 1)

        factor = temperature**2
        true = functional.kl_div(
            torch.log(binary(student)), binary(teacher), reduction="batchmean"
        )
        others = functional.kl_div(
            functional.log_softmax(student / temperature - 1000 * mask, 1),
            functional.softmax(teacher / temperature - 1000 * mask, 1),
            reduction="batchmean",
        )
        return factor * (alpha * true + beta * others)


class DIST(nn.Module):
    """Huang et al., 2022: correlations of predictions."""

    def forward(self, student, teacher, batch):
        return self.loss(student.logits, teacher.logits)

    @staticmethod
    def loss(student, teacher, temperature=4.0, beta=2.0, gamma=2.0):
        def distance(a, b):
            a, b = a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True)
            return 1 - functional.cosine_similarity(a, b).mean()

        own = functional.softmax(student / temperature, 1)
        goal = functional.softmax(teacher / temperature, 1)
        return temperature**2 * (beta * distance(own, goal) + gamma * distance(own.t(), goal.t()))


def make(name, student_widths, teacher_widths, norms, labels):
    """Makes a method for two networks with three stages each, of pairwise equal sizes."""
    if name in ("fitnet", "vid"):
        return {"fitnet": FitNet, "vid": VID}[name](student_widths, teacher_widths)
    if name == "crd":
        return CRD(student_widths[-1], teacher_widths[-1], labels)
    if name == "ofd":
        return OFD(student_widths, teacher_widths, norms)
    plain = {"kd": KD, "at": AT, "sp": SP, "rkd": RKD, "pkt": PKT, "dkd": DKD, "dist": DIST}
    return plain[name]()
