import Torch
import TorchNN
import VisionData

extension TrainingStep {
    /// The largest half, quarter, … of the batch with which a step fits into the memory, found by
    /// trying.
    ///
    /// For a run that has failed: it goes on with other batches, and what it then holds is of no use.
    ///
    /// - Returns: how many images; nil where not even a single one fits.
    /// - Throws: `OperatorError` where the device fails in another way.
    func largestFitting() throws -> Int? {
        forgetGraph()
        return try largestPart(of: loader.batchSize) { imageCount in
            optimizer.clearGradients()
            work(imageCount: imageCount)
            _ = readLosses()
        }
    }
}

/// The largest half, quarter, … of a number for which some work finds its memory.
///
/// - Parameters:
///   - whole: the number, for which it did not.
///   - work: the work for a part.
/// - Returns: the part; nil where the work does not find it for 1 either.
/// - Throws: what `work` throws.
func largestPart(of whole: Int, _ work: (Int) throws -> Void) throws -> Int? {
    var part = whole / 2
    while part > 0 {
        do {
            try collectingOperatorErrors { try work(part) }
            return part
        } catch let error as OperatorError where error.kind == .outOfMemory {
            part /= 2
        }
    }
    return nil
}
