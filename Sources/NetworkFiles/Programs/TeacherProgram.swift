import Torch
import TorchNN
import VisionModels

/// A network from outside the list, as a program whose forward pass gives `(logits, [features…])`.
///
/// Running it executes what the file's maker wrote. It can be asked, not trained: it has no parameters
/// here, and its batch norms stay as they were saved.
///
/// - `logits` are `[N, classes]`.
/// - Each feature `[N, C, H, W]` is the output of a stage, from shallow to deep.
/// - A last feature `[N, C]` is what its classifier takes. Without one, the average of the deepest stage
///   over its pixels stands in for it.
///
/// What lies before the activation of a stage is not known of a program. Methods that ask for that get the
/// stage's output, as they do of MobileNetV2.
public final class TeacherProgram: Backbone {
    private let blocks: ProgramBlocks
    private let format: MemoryFormat
    private let hasPooled: Bool
    private let place: Device
    private let outputDType: DType?

    /// The stages from shallow to deep, as far as their shapes tell.
    public let stageInfo: [StageInfo]
    /// How many channels the pooled features have.
    public let pooledChannels: Int

    /// Loads a program and asks it about images of zeros, which executes code of the file.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - form: how the program is stored.
    ///   - imageSize: height and width of the images that it will be asked about, in pixels.
    ///   - classCount: the number of logits that the student has.
    ///   - device: where it is to run.
    /// - Throws: `TeacherProgramError`, or `OperatorError` where memory or the device fails.
    public init(
        path: String, form: TensorProgram.Form, imageSize: Int, classCount: Int,
        device: Device = .cpu
    ) throws {
        do {
            blocks = ProgramBlocks(
                try TensorProgram(path: path, form: form, device: device))
        } catch let error where error.kind == .program {
            throw TeacherProgramError.unreadable(path: path, reason: error.reason)
        }
        let probe = ProgramProbe(blocks, path: path, imageSize: imageSize, device: device)
        let (found, format) = try probe.answer()
        stageInfo = try probe.stages(of: found, classCount: classCount)
        self.format = format
        hasPooled = found[found.count - 1].rank == 2
        pooledChannels =
            hasPooled ? found[found.count - 1].size(1) : stageInfo[stageInfo.count - 1].channels
        place = device
        outputDType = nil
    }

    private init(_ other: TeacherProgram, giving dtype: DType) {
        blocks = other.blocks
        format = other.format
        hasPooled = other.hasPooled
        stageInfo = other.stageInfo
        pooledChannels = other.pooledChannels
        place = other.place
        outputDType = dtype
    }

    /// The logits, the stages, and the pooled features where it gives them.
    private var outputCount: Int { 1 + stageInfo.count + (hasPooled ? 1 : 0) }

    /// Where it runs.
    public var device: Device { place }

    /// The pyramid of normalised images, in the type that the program computes in.
    public func features(_ images: Tensor, by execution: any LayerExecution) -> FeaturePyramid {
        let outputs = withoutGrad {
            answer(to: images).map { given in
                let output = outputDType.map { given.to($0) } ?? given
                return output.rank == 4 ? output.contiguous(.channelsLast) : output
            }
        }
        let stages = Array(outputs[1...stageInfo.count])
        let pooled =
            hasPooled
            ? outputs[outputCount - 1].unsqueeze(-1).unsqueeze(-1)
            : stages[stages.count - 1].adaptiveAveragePool(1)
        return FeaturePyramid(
            stem: stages[0], stages: stages, preactivations: stages, pooled: pooled,
            logits: outputs[0])
    }

    /// The logits of normalised images.
    public func callAsFunction(_ input: Tensor) -> Tensor {
        withoutGrad { answer(to: input)[0] }
    }

    private func answer(to images: Tensor) -> [Tensor] {
        let images = images.detach().to(.float32).contiguous(format)
        do {
            return try blocks.outputs(of: images, format: format)
        } catch {
            return TensorProgram.collect(error, count: outputCount)
        }
    }

    /// The same program, whose answers are converted: it computes as it was saved.
    public func folded(dtype: DType) -> any FeatureExtractor {
        TeacherProgram(self, giving: dtype)
    }
}
