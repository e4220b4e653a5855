#if canImport(Glibc)
    import Glibc
#else
    import Foundation
#endif

/// A colour of a picture.
public struct Color: Sendable, Equatable {
    /// The amount of red.
    public let red: UInt8
    /// The amount of green.
    public let green: UInt8
    /// The amount of blue.
    public let blue: UInt8

    /// Mixes a colour.
    public init(red: UInt8, green: UInt8, blue: UInt8) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    /// No light at all.
    public static let black = Color(red: 0, green: 0, blue: 0)

    /// All the light there is.
    public static let white = Color(red: 255, green: 255, blue: 255)

    /// The colour of a class: the same one each time, and far from those of its neighbours.
    ///
    /// The hue goes around the circle by the golden section, so that no two classes share one. Every other class is
    /// darker.
    ///
    /// - Parameter number: The class, from 0.
    public init(ofClass number: Int) {
        let turn = 0.618_033_988_749_894_9 * Double(number)
        self.init(
            hue: turn - turn.rounded(.down), saturation: 0.85,
            value: number.isMultiple(of: 2) ? 0.95 : 0.65)
    }

    /// Mixes a colour of hue, saturation and value, each from 0 to 1.
    init(hue: Double, saturation: Double, value: Double) {
        func channel(_ shift: Double) -> UInt8 {
            let place = (shift + 6 * hue).truncatingRemainder(dividingBy: 6)
            let share = max(0, min(place, 4 - place, 1))
            return UInt8((255 * value * (1 - saturation * share)).rounded())
        }
        self.init(red: channel(5), green: channel(3), blue: channel(1))
    }

    /// How bright the colour appears, from 0 to 1.
    ///
    /// Reference: "relative luminance" of WCAG 2.2, <https://www.w3.org/TR/WCAG22/#dfn-relative-luminance>.
    public var luminance: Double {
        func linear(_ value: UInt8) -> Double {
            let share = Double(value) / 255
            return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
        }
        return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    /// Black or white, whichever can be read better on this colour.
    public var ink: Color {
        // The brightness from which black has the larger contrast: (L + .05)² = 1.05 · .05.
        luminance > 0.179_128_784_747_792 ? .black : .white
    }
}
