import ArgumentParser
import VisionData

/// How files of photographs are read.
package struct PhotographOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: "Photographs: threads that read images (default: the processors, at most 8).",
        transform: wholeNumber)
    package var workers: Int?

    @Option(
        parsing: .unconditional,
        help: """
            Photographs: how many unreadable files are skipped (default: 0.1 % in training and at least 1, \
            none in evaluation).
            """,
        transform: wholeNumber)
    package var maxUnreadable: Int?

    @Option(
        parsing: .unconditional,
        help: "Photographs: the most pixels of a picture (default: 178956970).",
        transform: wholeNumber)
    package var maxPixels: Int?

    /// Takes what the command line gives.
    package init() {}

    package func validate() throws {
        try requireRanges([
            ("--workers", workers, 1...256), ("--max-unreadable", maxUnreadable, 0...Int.max),
            ("--max-pixels", maxPixels, .counts),
        ])
    }

    /// The same for the library.
    package var reading: PhotographReading {
        PhotographReading(
            workers: workers, allowedUnreadable: maxUnreadable, maximumPixels: maxPixels)
    }

    /// Refuses options that would be ignored.
    ///
    /// - Throws: `WrongRecipe` where one is given and the data set has no photographs.
    package func requireUse(for dataset: Dataset) throws {
        guard !dataset.hasPhotographs, !dataset.hasObjects else { return }
        let given = [
            ("--workers", workers), ("--max-unreadable", maxUnreadable),
            ("--max-pixels", maxPixels),
        ]
        guard let (option, _) = given.first(where: { $0.1 != nil }) else { return }
        throw WrongRecipe(
            description:
                "\(option) is for photographs, and the data set \(dataset) has none; leave it "
                + "out")
    }
}
