import Foundation
import Torch
import TorchNN
import VisionModels

/// The head of RetinaNet: of every anchor which of all classes it is, and where, by two rows of convolutions.
///
/// Four 3×3 convolutions with ReLU and one more for each of both, the same for all levels.
///
/// Reference: Lin et al., *Focal Loss for Dense Object Detection*, ICCV 2017, section 4; detectron2,
/// `modeling/meta_arch/retinanet.py`.
final class RetinaNetHead: Module {
    let clsSubnet: [any Layer]
    let bboxSubnet: [any Layer]
    let clsScore: Conv2d
    let bboxPred: Conv2d

    private let classCount: Int

    init(_ channels: Int, settings: DetectorSettings, generator: Generator) {
        func convolution(_ outChannels: Int) -> Conv2d {
            Conv2d(channels, outChannels, kernelSize: 3, padding: 1, generator: generator)
        }
        func subnet() -> [any Layer] {
            (0..<4).flatMap { _ in [convolution(channels), ReLU()] as [any Layer] }
        }
        let dense = settings.dense
        let anchorCount = dense.anchors.countPerPlace(level: 0)
        classCount = settings.classCount
        clsSubnet = subnet()
        bboxSubnet = subnet()
        clsScore = convolution(anchorCount * classCount)
        bboxPred = convolution(anchorCount * 4)
        for case let convolution as Conv2d in clsSubnet + bboxSubnet + [bboxPred] {
            convolution.fillNormal(deviation: 0.01, generator: generator)
        }
        clsScore.fillNormal(
            deviation: 0.01, bias: -log((1 - dense.prior) / dense.prior), generator: generator)
    }

    /// What the head says of every anchor.
    func predictions(
        _ levels: [Tensor], by execution: any LayerExecution
    ) -> DensePredictions {
        func run(_ layers: [any Layer], _ input: Tensor) -> Tensor {
            layers.reduce(input) { value, layer in
                guard let convolution = layer as? Conv2d else { return value }
                return execution.convolve(value, convolution, nil, relu: true)
            }
        }
        return DensePredictions(
            logits: levels.map { execution.convolve(run(clsSubnet, $0), clsScore) },
            deltas: levels.map { execution.convolve(run(bboxSubnet, $0), bboxPred) },
            classCount: classCount)
    }
}
