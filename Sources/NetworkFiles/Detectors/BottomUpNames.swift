import Detectors

/// The names that files have for the tensors of a bottom-up network.
enum BottomUpNames: CaseIterable {
    /// detectron2's without what stands before them in a whole detector, as files of backbones have them; those of
    /// MobileNetV2 are its authors' own.
    case detectron2

    /// torchvision's, which this package's networks for photographs have too.
    case torchvision

    /// Caffe2's, in the files that Detectron began from.
    case caffe2

    /// Whether the stride of a bottleneck block is in its first 1×1 convolution.
    var hasStrideIn1x1: Bool { self != .torchvision }

    /// How the networks of such files take pictures.
    var format: PixelFormat { self == .torchvision ? .imageNet : .caffe2 }

    /// A name in every file of this kind, whatever stands before it.
    private var landmarks: [String] {
        switch self {
        case .detectron2: ["res2.0.conv1.weight", "features.1.conv.0.weight"]
        case .torchvision: ["layer1.0.conv1.weight"]
        case .caffe2: ["res2_0_branch2a_w"]
        }
    }

    /// What stands before the names of a file, as `module.`; nil where they are of another kind.
    func prefix(of names: [String]) -> String? {
        for name in names {
            for landmark in landmarks where name == landmark || name.hasSuffix("." + landmark) {
                return String(name.dropLast(landmark.count))
            }
        }
        return nil
    }

    /// What a detector calls a tensor below its bottom-up network; nil for one that is none of it, as those of the
    /// last layer.
    func ownName(_ name: String) -> String? {
        switch self {
        case .detectron2: detectron2Name(name)
        case .torchvision: torchvisionName(name)
        case .caffe2: caffe2Name(name)
        }
    }

    private func detectron2Name(_ name: String) -> String? {
        let part = name.split(separator: ".").first
        return part == "res2" || part == "res3" || part == "res4" || part == "res5"
            || part == "features" || name.hasPrefix("stem.conv1.") ? name : nil
    }

    private func torchvisionName(_ name: String) -> String? {
        let parts = name.split(separator: ".").map(String.init)
        func norm(_ part: String) -> String? {
            part.hasPrefix("bn") ? "conv\(part.dropFirst(2)).norm" : nil
        }
        if parts.count == 2, let last = parts.last {
            if parts[0] == "conv1" { return "stem.conv1.\(last)" }
            return parts[0] == "bn1" ? "stem.conv1.norm.\(last)" : nil
        }
        guard parts.count >= 4, let last = parts.last, parts[0].hasPrefix("layer"),
            let stage = Int(parts[0].dropFirst(5))
        else { return nil }
        let block = "res\(stage + 1).\(parts[1])"
        if parts[2] == "downsample" {
            return "\(block).shortcut\(parts[3] == "0" ? "" : ".norm").\(last)"
        }
        return "\(block).\(norm(parts[2]) ?? parts[2]).\(last)"
    }

    /// Takes `res2_0_branch2a_bn_s` for `res2.0.conv1.norm.weight`.
    private func caffe2Name(_ name: String) -> String? {
        var parts = name.split(separator: "_").map(String.init)
        let endings = [
            "w": "weight", "b": "bias", "s": "weight", "rm": "running_mean", "riv": "running_var",
        ]
        guard let ending = parts.popLast().flatMap({ endings[$0] }) else { return nil }
        let isNorm = parts.last == "bn"
        if isNorm { parts.removeLast() }
        // A convolution's own bias is 0 in these files, since the norm has one.
        guard isNorm || ending == "weight" else { return nil }
        let kind = isNorm ? "norm.\(ending)" : ending
        if parts == ["conv1"] || parts == ["res", "conv1"] { return "stem.conv1.\(kind)" }
        let branches = [
            "branch1": "shortcut", "branch2a": "conv1", "branch2b": "conv2", "branch2c": "conv3",
        ]
        guard parts.count == 3, parts[0].hasPrefix("res"), let branch = branches[parts[2]]
        else { return nil }
        return "\(parts[0]).\(parts[1]).\(branch).\(kind)"
    }
}
