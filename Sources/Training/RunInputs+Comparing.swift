import RunRecords

extension RunInputs {
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
}
