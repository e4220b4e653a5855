/// What a run has beside its recipe that decides its numbers.
package struct RunInputs: Codable, Equatable {
    /// The SHA-256 of the teacher's file, in hexadecimal digits, where there is a teacher.
    package var teacher: String?

    /// The SHA-256 of the file that the student starts from, where it does not start anew.
    package var studentWeights: String?

    /// How many training images the data set has, where that is known.
    package var trainingImages: Int?

    /// How many test images it has, where that is known.
    package var testImages: Int?

    /// Gathers what is known.
    package init(
        teacher: String? = nil, studentWeights: String? = nil, trainingImages: Int? = nil,
        testImages: Int? = nil
    ) {
        self.teacher = teacher
        self.studentWeights = studentWeights
        self.trainingImages = trainingImages
        self.testImages = testImages
    }

    /// The first number of images that is known of both and differs.
    ///
    /// - Parameter earlier: what a run was begun with.
    /// - Returns: `training` or `test`, and the two numbers; nil where none differs.
    package func imageDifference(from earlier: RunInputs) -> (
        kind: String, expected: Int, found: Int
    )? {
        for (kind, expected, found) in [
            ("training", earlier.trainingImages, trainingImages),
            ("test", earlier.testImages, testImages),
        ] {
            if let expected, let found, expected != found { return (kind, expected, found) }
        }
        return nil
    }
}
