/// A time in words, to the second, minute or so.
package func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e8 else { return "–" }
    let whole = Int(seconds.rounded())
    return whole < 60
        ? "\(whole) s"
        : whole < 3600
            ? "\(whole / 60) min \(whole % 60) s"
            : "\(whole / 3600) h \(whole % 3600 / 60) min"
}
