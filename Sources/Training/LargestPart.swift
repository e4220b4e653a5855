import Torch

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
