import Basics

/// Why a program from a file cannot teach.
public enum TeacherProgramError: Error, Equatable, CustomStringConvertible {
    case unreadable(path: String, reason: String)
    case refuses(path: String, imageSize: Int, reason: String)
    case noLogits(path: String, found: [[Int]])
    case otherClasses(path: String, found: Int, expected: Int)
    case noStages(path: String, imageSize: Int, found: [[Int]])

    /// What it does, what was expected, and the remedy.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "\(path) should be a program that LibTorch loads here, but \(Self.own(reason)). Save or compile it "
                + "anew on a machine of this kind."
        case .refuses(let path, let size, let reason):
            "the program \(path) should take float32 images [2, 3, \(size), \(size)], but "
                + "\(Self.own(reason)). Save it with a forward pass for such images."
        case .noLogits(let path, let found):
            "the forward pass of \(path) should give (logits, [features…]), whose logits for 2 images are of "
                + "shape [2, classes], but gives \(Self.list(found)). Change it so."
        case .otherClasses(let path, let found, let expected):
            "the program \(path) gives \(found) logits, expected \(expected), one for each class of the "
                + "data set. Take a teacher of these classes."
        case .noStages(let path, let size, let found):
            "the forward pass of \(path) should give (logits, [features…]), whose features are of shape "
                + "[2, C, H, W] for 2 images of \(size) pixels, from shallow to deep, but gives "
                + "\(Self.list(found)) after the logits. Change it so."
        }
    }

    private static func list(_ shapes: [[Int]]) -> String {
        shapes.isEmpty ? "nothing" : shapes.map(\.description).joined(separator: ", ")
    }

    /// What LibTorch says, in one line.
    private static func own(_ reason: String) -> String { "LibTorch says: \(reason)" }
}
