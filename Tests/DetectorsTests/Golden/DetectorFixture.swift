import Foundation
import Torch
import TorchNN
import TorchTestSupport

@testable import Detectors

/// A detector with the weights that a golden file describes, in float64.
struct DetectorFixture {
    let architecture: DetectorArchitecture
    let detector: any Detector
    let mean: Tensor
    let deviation: Tensor

    var name: String { architecture.name }

    /// Makes a detector, and fills it together with what a file adds to it.
    ///
    /// - Parameters:
    ///   - file: of golden values.
    ///   - part: what stands before the keys, such as `teacher_`.
    ///   - model: the key of the model's name.
    ///   - additions: modules that are filled with it, under their prefixes.
    /// - Throws: `JSONValue.FormError` where the file has another form.
    init(
        _ file: DetectionFile, part: String = "", model: String = "model",
        additions: (any Detector) throws -> [NamedTensor] = { _ in [] }
    ) throws {
        let contents = try file.contents()
        let pixels = try contents.at(part + "pixels")
        mean = Tensor(try pixels.at("mean").numbers, shape: [3, 1, 1])
        deviation = Tensor(try pixels.at("std").numbers, shape: [3, 1, 1])
        architecture = try DetectorArchitecture(
            fixture: contents.at(model).string)
        let settings = try DetectorSettings(
            fixture: contents.optional("config") ?? .object([:]))
        detector = architecture.make(settings: settings, generator: Generator(seed: 0))
        let added = try additions(detector)
        // A teacher is a bottom-up network with its pyramid alone.
        let own = detector.stateDict().filter {
            part.isEmpty || $0.name.hasPrefix("backbone.")
        }
        let state = own + added
        state.fillWithHash(base: try contents.at(part + "base").int)
        let byName = Dictionary(
            state.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
        func named(_ name: String) throws -> Tensor {
            guard let tensor = byName[name] else {
                throw JSONValue.FormError(description: "\(architecture.name) has no \(name)")
            }
            return tensor
        }
        for statistics in try contents.optional(part + "running_stats")?.strings ?? [] {
            let values = try file.sibling(statistics).contents().at("running_stats")
            for name in values.keys {
                let tensor = try named(name)
                let numbers = try values.at(name).halves
                guard numbers.count == tensor.count else {
                    throw JSONValue.FormError(
                        description: "\(statistics): \(numbers.count) numbers for \(name)")
                }
                withoutGrad { _ = tensor.copy(from: Tensor(numbers, shape: tensor.shape)) }
            }
        }
        for entry in state where entry.tensor.dtype.isFloatingPoint {
            withoutGrad { entry.tensor.replaceData(with: entry.tensor.detach().to(.float64)) }
        }
        detector.convert(dtype: .float64)
        let scaled = contents.optional(part + "scaled") ?? .object([:])
        for name in scaled.keys {
            let tensor = try named(name)
            let factor = try scaled.at(name).number
            withoutGrad { _ = tensor.copy(from: tensor.detach() * factor) }
        }
        let shifted = contents.optional(part + "shifted") ?? .object([:])
        for name in shifted.keys {
            let tensor = try named(name)
            let summand = try shifted.at(name).number
            withoutGrad { _ = tensor.copy(from: tensor.detach() + summand) }
        }
    }

    /// Normalised pictures as one padded batch, float64.
    func batch(_ pictures: [Tensor]) -> Tensor {
        padded(pictures.map { ($0 - mean) / deviation })
    }
}

extension DetectorArchitecture {
    /// The detector that a golden file calls `faster_rcnn-R18`.
    init(fixture name: String) throws {
        try self.init(named: name.replacingOccurrences(of: "-", with: "_"))
    }
}

extension JSONValue {
    /// Numbers in base64 of little-endian bfloat16.
    var halves: [Float] {
        get throws {
            guard let bytes = Data(base64Encoded: try string) else {
                throw FormError(description: "expected base64")
            }
            return stride(from: 0, to: bytes.count - 1, by: 2).map { place in
                let low = UInt32(bytes[place])
                let high = UInt32(bytes[place + 1])
                return Float(bitPattern: (high << 8 | low) << 16)
            }
        }
    }

    /// The size `[height, width]`.
    var imageSize: ImageSize {
        get throws {
            let size = try ints
            guard size.count == 2 else { throw FormError(description: "size: \(size)") }
            return ImageSize(height: size[0], width: size[1])
        }
    }

    /// The picture that a key and a size stand for, bytes as numbers `[3, h, w]`, float64.
    var picture: Tensor {
        get throws {
            let key = try at("key").int
            let size = try at("size").imageSize
            let fine = Tensor(
                hashed(key, count: 3 * size.height * size.width),
                shape: [3, size.height, size.width])
            let rows = (size.height + 15) / 16
            let columns = (size.width + 15) / 16
            let coarse = Tensor(
                hashed(key + 1000, count: 3 * rows * columns), shape: [1, 3, rows, columns]
            ).resizedNearest(height: 16 * rows, width: 16 * columns)
                .narrow(2, 0..<size.height).narrow(3, 0..<size.width)
                .reshape([3, size.height, size.width])
            return ((coarse + 1) * 96 + (fine + 1) * 32).floor()
        }
    }

    /// What is to be found in a picture.
    ///
    /// - Parameter isEmpty: whether its objects are left out.
    /// - Returns: the targets, in float64.
    /// - Throws: `FormError` where there are none.
    func targets(isEmpty: Bool = false) throws -> BoxTargets {
        let size = try at("size").imageSize
        let original = try optional("output")?.imageSize
        guard let boxes = optional("boxes"), !isEmpty else {
            return BoxTargets(size: size, originalSize: original, dtype: .float64)
        }
        return BoxTargets(
            size: size, originalSize: original, boxes: try boxes.boxes,
            classes: try at("classes").indices,
            masks: try (optional("polygons")?.list ?? []).map { .polygons(try $0.rows) })
    }
}

extension DetectorSettings {
    /// The settings of detectron2 with what a golden file says under detectron2's names.
    init(fixture config: JSONValue) throws {
        self.init()
        for name in config.keys {
            let value = try config.at(name)
            switch name {
            case "MODEL.RPN.PRE_NMS_TOPK_TEST":
                proposals.inEvaluation.beforeSuppression = try value.int
            case "MODEL.RPN.POST_NMS_TOPK_TEST":
                proposals.inEvaluation.afterSuppression = try value.int
            case "MODEL.RPN.PRE_NMS_TOPK_TRAIN":
                proposals.inTraining.beforeSuppression = try value.int
            case "MODEL.RPN.POST_NMS_TOPK_TRAIN":
                proposals.inTraining.afterSuppression = try value.int
            case "MODEL.RPN.NMS_THRESH": proposals.suppressionThreshold = try value.number
            case "MODEL.RPN.SMOOTH_L1_BETA": proposals.beta = try value.number
            case "MODEL.RPN.BATCH_SIZE_PER_IMAGE":
                proposals.sampler = Sampler(
                    count: try value.int, positiveFraction: proposals.sampler.positiveFraction)
            case "MODEL.RPN.POSITIVE_FRACTION":
                proposals.sampler = Sampler(
                    count: proposals.sampler.count, positiveFraction: try value.number)
            case "MODEL.ROI_HEADS.BATCH_SIZE_PER_IMAGE":
                regions.sampler = Sampler(
                    count: try value.int, positiveFraction: regions.sampler.positiveFraction)
            case "MODEL.ROI_HEADS.POSITIVE_FRACTION":
                regions.sampler = Sampler(
                    count: regions.sampler.count, positiveFraction: try value.number)
            case "MODEL.ROI_HEADS.SCORE_THRESH_TEST": regions.scoreThreshold = try value.number
            case "MODEL.ROI_HEADS.NMS_THRESH_TEST":
                regions.suppressionThreshold = try value.number
            case "MODEL.ROI_BOX_HEAD.SMOOTH_L1_BETA": regions.beta = try value.number
            case "MODEL.ROI_HEADS.NUM_CLASSES", "MODEL.RETINANET.NUM_CLASSES":
                classCount = try value.int
            case "MODEL.RETINANET.SCORE_THRESH_TEST": dense.scoreThreshold = try value.number
            case "MODEL.RETINANET.TOPK_CANDIDATES_TEST":
                dense.candidatesPerLevel = try value.int
            case "MODEL.RETINANET.NMS_THRESH_TEST":
                dense.suppressionThreshold = try value.number
            case "MODEL.RETINANET.SMOOTH_L1_LOSS_BETA": dense.beta = try value.number
            case "MODEL.RETINANET.FOCAL_LOSS_ALPHA": dense.focalAlpha = try value.number
            case "MODEL.RETINANET.FOCAL_LOSS_GAMMA": dense.focalGamma = try value.number
            case "TEST.DETECTIONS_PER_IMAGE": detectionsPerImage = try value.int
            default:
                // What says which network it is, as the levels of its pyramid.
                print("detection: the tests do not set \(name) from a file's config")
            }
        }
    }
}
