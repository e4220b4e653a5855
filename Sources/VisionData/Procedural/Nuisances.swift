/// How much everything varies that has nothing to do with the class; lengths are shares of the side.
///
/// Every accuracy that has been reported on the set depends on these values.
enum Nuisances {
    /// The outline's radius.
    static let radius = 0.34...0.46
    /// The shorter axis of the outline, as a share of the longer one.
    static let squash = 0.8...1.0
    /// The texture's period.
    static let period = 0.25...0.34
    /// The least mean difference between the object's paint and its ink or the ground's colours.
    ///
    /// Above 0.5 there would be paints that no colour differs from enough.
    static let contrast = 0.3
    /// The number of bars behind the object.
    static let barsBehind = 0...2
    /// The number of bars before the object.
    static let barsBefore = 0...1
    /// Half the length of a bar.
    static let barLength = 0.1...0.35
    /// Half the width of a bar.
    static let barWidth = 0.025...0.06
    /// The noise's standard deviation, as a share of the range from black to white.
    static let noise = 0.05
}
