/// What a run has beside its recipe that decides its numbers.
struct RunInputs: Codable, Equatable {
    /// The SHA-256 of the teacher's file, in hexadecimal digits, where there is a teacher.
    var teacher: String?

    /// The SHA-256 of the file that the student starts from, where it does not start anew.
    var studentWeights: String?

    /// How many training images the data set has, where that is known.
    var trainingImages: Int?

    /// How many test images it has, where that is known.
    var testImages: Int?

    /// Refuses to go on with, or to take over, a run that was begun with other inputs.
    ///
    /// - Parameter earlier: what the run was begun with.
    /// - Throws: `TrainingError` with the first difference.
    func requireSame(as earlier: RunInputs) throws(TrainingError) {
        guard earlier.teacher == teacher else {
            throw .otherTeacher(expected: earlier.teacher, found: teacher)
        }
        guard earlier.studentWeights == studentWeights else {
            throw .otherStudentWeights(expected: earlier.studentWeights, found: studentWeights)
        }
        try requireSameImages(as: earlier)
    }

    /// Refuses to go on with a run that was begun with other numbers of images.
    ///
    /// - Parameter earlier: what the run was begun with.
    /// - Throws: `TrainingError.otherImages`.
    func requireSameImages(as earlier: RunInputs) throws(TrainingError) {
        guard let (kind, expected, found) = imageDifference(from: earlier) else { return }
        throw .otherImages(kind: kind, expected: expected, found: found)
    }

    /// The first number of images that is known of both and differs.
    ///
    /// - Parameter earlier: what a run was begun with.
    /// - Returns: `training` or `test`, and the two numbers; nil where none differs.
    func imageDifference(from earlier: RunInputs) -> (kind: String, expected: Int, found: Int)? {
        for (kind, expected, found) in [
            ("training", earlier.trainingImages, trainingImages),
            ("test", earlier.testImages, testImages),
        ] {
            if let expected, let found, expected != found { return (kind, expected, found) }
        }
        return nil
    }
}
