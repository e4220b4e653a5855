import Torch
import VisionModels

/// What a program answers to images of zeros, before it is asked in earnest.
struct ProgramProbe {
    private let blocks: ProgramBlocks
    private let path: String
    private let imageSize: Int
    private let device: Device

    init(_ blocks: ProgramBlocks, path: String, imageSize: Int, device: Device) {
        self.blocks = blocks
        self.path = path
        self.imageSize = imageSize
        self.device = device
    }

    /// What it gives for two images, and the layout of images that it takes.
    ///
    /// - Throws: `TeacherProgramError.refuses`, or `OperatorError` where memory or the device fails.
    func answer() throws -> (outputs: [Tensor], format: MemoryFormat) {
        let images = Tensor.zeros([2, 3, imageSize, imageSize], device: device)
        var refusal = ""
        // A package may have been compiled for one layout.
        for format in [MemoryFormat.contiguous, .channelsLast] {
            do throws(OperatorError) {
                let outputs = try withoutGrad { () throws(OperatorError) in
                    try blocks.outputs(of: images.contiguous(format), format: format)
                }
                return (outputs, format)
            } catch {
                guard error.kind == .programFromFile else { throw error }
                if refusal.isEmpty { refusal = error.reason }
            }
        }
        throw TeacherProgramError.refuses(path: path, imageSize: imageSize, reason: refusal)
    }

    /// The stages among what it answered to two images.
    ///
    /// - Throws: `TeacherProgramError` where that is not `(logits, [features…])` of such images.
    func stages(of outputs: [Tensor], classCount: Int) throws(TeacherProgramError) -> [StageInfo] {
        let shapes = outputs.map(\.shape)
        guard let logits = shapes.first, logits.count == 2, logits[0] == 2 else {
            throw .noLogits(path: path, found: shapes)
        }
        guard logits[1] == classCount else {
            throw .otherClasses(path: path, found: logits[1], expected: classCount)
        }
        var features = Array(shapes.dropFirst())
        if let last = features.last, last.count == 2, last[0] == 2 { features.removeLast() }
        let sizes = features.map { $0.count == 4 && $0[0] == 2 ? max($0[2], $0[3]) : 0 }
        // From shallow to deep maps never grow, and none is larger than the images.
        let falls = zip([imageSize] + sizes, sizes).allSatisfy { $0 >= $1 }
        guard !features.isEmpty, sizes.allSatisfy({ $0 > 0 }), falls else {
            throw .noStages(path: path, imageSize: imageSize, found: Array(shapes.dropFirst()))
        }
        return zip(features, sizes).map { shape, size in
            StageInfo(channels: shape[1], reduction: imageSize / size)
        }
    }
}
