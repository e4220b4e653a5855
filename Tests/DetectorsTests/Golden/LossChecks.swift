import Detectors
import Torch
import TorchTestSupport

@Sendable func checkLosses(_ file: JSONValue, _ agreement: inout Agreement) throws {
    agreement.expectKeys(
        of: file,
        in: [
            "logits", "targets", "smooth_l1_input", "smooth_l1_target", "mask_logits", "mask_truth",
            "values",
        ])
    let values = try file.at("values")
    for name in values.keys {
        let golden = try values.at(name)
        agreement.expectKeys(of: golden, in: ["loss", "gradient"], name)
        let leaf: Tensor
        let loss: Tensor
        if let parts = name.wholeMatch(of: /focal alpha (\S+) gamma (\S+)/) {
            leaf = try file.at("logits").filled
            leaf.requiresGrad = true
            loss = sigmoidFocalLoss(
                leaf, try file.at("targets").thresholded(shape: leaf.shape),
                alpha: try parts.1.number, gamma: try parts.2.number)
        } else if let parts = name.wholeMatch(of: /smooth l1 beta (\S+)/) {
            leaf = try file.at("smooth_l1_input").filled
            leaf.requiresGrad = true
            loss = smoothL1Sum(
                leaf, try file.at("smooth_l1_target").filled, beta: try parts.1.number)
        } else if name == "mask" {
            leaf = try file.at("mask_logits").filled
            leaf.requiresGrad = true
            let truth = try file.at("mask_truth")
            let targets = maskTargets(
                try truth.at("polygons").list.map { .polygons(try $0.rows) },
                boxes: try truth.at("boxes").boxes, size: leaf.size(2))
            loss = maskLoss(leaf, classes: try truth.at("classes").indices, targets: targets)
        } else {
            throw JSONValue.FormError(description: "no loss is known by the name '\(name)'")
        }
        loss.backward()
        agreement.compare("\(name) loss", loss.item(), try golden.at("loss").number)
        let gradient = try golden.at("gradient")
        if case .object = gradient {
            agreement.compare("\(name) gradient", leaf.grad, try gradient.summary)
        } else if let found = leaf.grad {
            agreement.compare("\(name) gradient", found, try gradient.flat)
        } else {
            throw JSONValue.FormError(description: "\(name) has no gradient")
        }
    }
}

extension Substring {
    fileprivate var number: Double {
        get throws {
            guard let number = Double(self) else {
                throw JSONValue.FormError(description: "'\(self)' is no number")
            }
            return number
        }
    }
}

extension JSONValue {
    /// Truth values given as `hashed(key, count) > limit`.
    fileprivate func thresholded(shape: [Int]) throws -> Tensor {
        guard let parts = try string.wholeMatch(of: /hashed\((\d+), (\d+)\) > (\S+)/),
            let key = Int(parts.1), let count = Int(parts.2)
        else { throw FormError(description: "'\(try string)' is no rule for targets") }
        let limit = try parts.3.number
        return Tensor(hashed(key, count: count).map { $0 > limit ? 1.0 : 0 }, shape: shape)
    }
}
