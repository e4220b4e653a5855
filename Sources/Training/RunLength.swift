/// How many images lie between two steps of a run, whose last batch of an epoch may be smaller.
package struct RunLength {
    /// Training images in an epoch.
    package let imagesPerEpoch: Int

    /// Images in a step, the last one of an epoch perhaps fewer.
    package let batchSize: Int

    /// The number of passes over the images.
    package let epochs: Int

    /// Describes a run.
    package init(imagesPerEpoch: Int, batchSize: Int, epochs: Int) {
        self.imagesPerEpoch = imagesPerEpoch
        self.batchSize = batchSize
        self.epochs = epochs
    }

    /// How many steps an epoch has.
    package var stepsPerEpoch: Int {
        imagesPerEpoch / batchSize + (imagesPerEpoch % batchSize > 0 ? 1 : 0)
    }

    /// How many steps the run has.
    package var steps: Int { epochs * stepsPerEpoch }

    /// How many images the first steps of the run have seen together.
    package func images(after steps: Int) -> Int {
        guard stepsPerEpoch > 0 else { return 0 }
        // At its end an epoch has seen each image once, whatever its batches would hold.
        let begun = min(steps % stepsPerEpoch * batchSize, imagesPerEpoch)
        return steps / stepsPerEpoch * imagesPerEpoch + begun
    }

    /// How many images the steps of a range see together.
    package func images(in steps: Range<Int>) -> Int {
        images(after: steps.upperBound) - images(after: steps.lowerBound)
    }
}
