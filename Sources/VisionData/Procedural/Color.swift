/// A colour as red, green and blue between 0 and 1.
struct Color {
    var red: Double
    var green: Double
    var blue: Double

    /// A random colour that differs from another by at least `contrast`, in the mean over channels.
    static func random(
        from draws: inout DrawStream, against other: Color? = nil, contrast: Double = 0
    ) -> Color {
        while true {
            let color = Color(red: draws.unit(), green: draws.unit(), blue: draws.unit())
            guard let other, color.distance(to: other) < contrast else { return color }
        }
    }

    static func + (left: Color, right: Color) -> Color {
        Color(
            red: left.red + right.red, green: left.green + right.green,
            blue: left.blue + right.blue)
    }

    static func * (color: Color, factor: Double) -> Color {
        Color(red: color.red * factor, green: color.green * factor, blue: color.blue * factor)
    }

    private func distance(to other: Color) -> Double {
        let red = (red - other.red).magnitude
        let green = (green - other.green).magnitude
        return (red + green + (blue - other.blue).magnitude) / 3
    }
}
