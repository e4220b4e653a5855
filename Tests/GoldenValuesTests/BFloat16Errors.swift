/// How far PyTorch's own bfloat16 autocast is from float64 on the golden tasks, as relative L2 errors.
///
/// Measured once with PyTorch 2.13 on a CPU with AVX512-BF16 by
/// `python3 Scripts/measure_bfloat16_error.py Tests/Fixtures`, which computes the same tasks with
/// plain PyTorch modules. Of a pair: the root mean square, over the first steps on eight batches, of
/// the losses' errors, of the error of all gradients as one vector, and of the root mean square over
/// the parameters of their gradients' errors.
let pyTorchBFloat16Errors: [String: [String: Double]] = [
    "forward-resnet20.json": [
        "feats 0": 0.00332,
        "feats 1": 0.00953,
        "feats 2": 0.0198,
        "feats 3": 0.0386,
        "preact_feats 1": 0.0104,
        "preact_feats 2": 0.0216,
        "preact_feats 3": 0.0423,
        "pooled": 0.00722,
        "logits": 0.0079,
    ],
    "forward-resnet56.json": [
        "feats 0": 0.00332,
        "feats 1": 0.0184,
        "feats 2": 0.0628,
        "feats 3": 0.181,
        "preact_feats 1": 0.0193,
        "preact_feats 2": 0.0661,
        "preact_feats 3": 0.19,
        "pooled": 0.0322,
        "logits": 0.0351,
    ],
    "forward-resnet8x4.json": [
        "feats 0": 0.0033,
        "feats 1": 0.00643,
        "feats 2": 0.00968,
        "feats 3": 0.0138,
        "preact_feats 1": 0.00641,
        "preact_feats 2": 0.00971,
        "preact_feats 3": 0.0139,
        "pooled": 0.00397,
        "logits": 0.00469,
    ],
    "pair-resnet56-resnet20.json": [
        "cross_entropy": 0.000521,
        "review": 0.00156,
        "total": 0.00116,
        "gradient": 0.328,
        "tensors": 0.273,
    ],
]
