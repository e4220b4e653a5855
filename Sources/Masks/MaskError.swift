import Basics

/// Why runs make no mask.
public enum MaskError: Error, Sendable, Equatable {
    /// A height or width is negative, or they make more pixels than runs can count.
    case size(height: Int, width: Int)
    /// A run has a negative length.
    case negativeRun(index: Int, length: Int)
    /// The runs go on behind the last pixel.
    case tooManyPixels(height: Int, width: Int)
    /// The runs end before the last pixel.
    case tooFewPixels(Int, height: Int, width: Int)
    /// Packed runs hold a character that none of their numbers has.
    case character(offset: Int, Unicode.Scalar)
    /// Packed runs end within a number.
    case cutOff
    /// A packed run is longer than any number of pixels.
    case tooLong(index: Int)
}

extension MaskError: CustomStringConvertible {
    /// The thing, what was expected and what was found, as a part of a sentence.
    public var description: String {
        switch self {
        case .size(let height, let width):
            "the size of the mask should be from 0 to \(UInt32.max) pixels, but is \(height) × \(width)"
        case .negativeRun(let index, let length):
            "run \(index + 1) of the mask should be 0 pixels or longer, but is \(length)"
        case .tooManyPixels(let height, let width):
            "the runs should fill the mask of \(height) × \(width) pixels, but have more"
        case .tooFewPixels(let count, let height, let width):
            "the runs should fill the mask of \(height) × \(width) pixels, but have only \(count)"
        case .character(let offset, let character):
            "the packed runs should have characters from '0' to 'o', but have "
                + "\(String(character).quoted) at place \(offset + 1)"
        case .cutOff: "the packed runs should end with a whole number, but end within one"
        case .tooLong(let index):
            "run \(index + 1) of the packed runs should be at most \(UInt32.max) pixels, but is longer"
        }
    }
}
