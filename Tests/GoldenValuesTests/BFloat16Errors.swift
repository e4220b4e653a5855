/// How far PyTorch's own bfloat16 autocast was from float64 on golden tasks, as relative L2 errors: of the
/// logits of a forward pass, or of all gradients of a pair as one vector, the root mean square over the
/// first steps on eight batches.
///
/// Measured with PyTorch 2.13 on an AMD EPYC with AVX512-BF16 by
/// `python3 Scripts/measure_bfloat16_error.py Tests/Fixtures`, which computes the same tasks with
/// plain PyTorch modules. On other processors these numbers are a little different.
let pyTorchBFloat16Errors: [String: (name: String, error: Double)] = [
    "forward-MobileNetV2.json": ("logits", 0.379),
    "forward-ResNet18.json": ("logits", 0.0142),
    "forward-ResNet50.json": ("logits", 0.182),
    "forward-ShuffleV1.json": ("logits", 0.185),
    "forward-ShuffleV2.json": ("logits", 0.185),
    "forward-imagenet-MobileNetV1.json": ("logits", 0.131),
    "forward-imagenet-ResNet101.json": ("logits", 0.413),
    "forward-imagenet-ResNet18.json": ("logits", 0.0117),
    "forward-imagenet-ResNet34.json": ("logits", 0.0492),
    "forward-imagenet-ResNet50.json": ("logits", 0.278),
    "forward-resnet20.json": ("logits", 0.0079),
    "forward-resnet56.json": ("logits", 0.0351),
    "forward-resnet8x4.json": ("logits", 0.00469),
    "forward-vgg8.json": ("logits", 0.00882),
    "forward-wrn_16_2.json": ("logits", 0.00617),
    "pair-imagenet-ResNet34-imagenet-ResNet18.json": ("gradient", 0.371),
    "pair-imagenet-ResNet50-imagenet-MobileNetV1.json": ("gradient", 1.33),
    "pair-resnet56-resnet20.json": ("gradient", 0.328),
    "pair-resnet8-MobileNetV2.json": ("gradient", 1.16),
    "pair-resnet8-vgg8.json": ("gradient", 0.136),
    "pair-wrn_40_2-wrn_16_2.json": ("gradient", 0.22),
]
