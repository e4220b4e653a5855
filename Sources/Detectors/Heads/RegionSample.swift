import Torch

/// The regions of one picture that a step learns from: those of objects first, then background.
public struct RegionSample: Sendable {
    /// `[R, 4]`.
    public let boxes: Tensor

    /// The truths' classes, int64 `[R]`; the number of classes for background.
    public let classes: Tensor

    /// The numbers of the truths, int64 `[R]`; without meaning for background.
    public let truths: Tensor

    /// The truths' boxes, `[R, 4]`; without meaning for background.
    public let truthBoxes: Tensor

    /// How many regions are of objects.
    public let objectCount: Int

    /// Matches proposals to truths and draws from them.
    ///
    /// - Parameters:
    ///   - proposals: of the picture.
    ///   - targets: of the picture.
    ///   - settings: which overlaps count, and how many are drawn.
    ///   - classCount: the number of classes.
    /// - Returns: the regions.
    static func of(
        _ proposals: Proposals, _ targets: BoxTargets, settings: RegionSettings, classCount: Int
    ) -> RegionSample {
        let known = targets.boxes.to(proposals.boxes.dtype)
        let boxes =
            settings.addsTruths
            ? Tensor.concatenate([proposals.boxes, known]) : proposals.boxes
        let matches = settings.matcher.match(truths: known, predictions: boxes)
        let classes = matches.classes(targets.classes, background: classCount)
        let (objects, background) = settings.sampler(
            classes, negativeLabel: classCount,
            key: targets.key.appending(SamplePurpose.regions.rawValue))
        let drawn = Tensor.concatenate([objects, background])
        let truths = matches.truths.select(0, drawn)
        return RegionSample(
            boxes: boxes.select(0, drawn), classes: classes.select(0, drawn), truths: truths,
            truthBoxes: targets.count > 0
                ? known.select(0, truths)
                : .zeros([drawn.count, 4], dtype: known.dtype, device: known.device),
            objectCount: objects.count)
    }
}

extension Matches {
    /// What each prediction is: the class of its truth, `background` where it has none, −1 where it is to be
    /// ignored.
    ///
    /// - Parameters:
    ///   - truthClasses: of the truths, int64 `[T]`.
    ///   - background: the number for background.
    /// - Returns: int64 `[P]`.
    func classes(_ truthClasses: Tensor, background: Int) -> Tensor {
        func value(_ number: Int) -> Tensor {
            .full([], Double(number), dtype: .int64, device: labels.device)
        }
        guard truthClasses.count > 0 else { return labels + value(background) }
        let own = Tensor.choose(
            labels.isGreater(than: 0), truthClasses.select(0, truths), value(background))
        return Tensor.choose(labels.isLess(than: 0), value(-1), own)
    }
}
