/// One image before it is sampled: an object on a shaded ground, with bars behind and before it.
struct Scene {
    private let ground: Shading
    private let barsBehind: [Bar]
    private let object: Surface
    private let barsBefore: [Bar]

    init(
        showing silhouette: Silhouette, _ texture: Texture, size: Double,
        from draws: inout DrawStream
    ) {
        let paint = Color.random(from: &draws)
        let ink = Color.random(from: &draws, against: paint, contrast: Nuisances.contrast)
        ground = Shading(size: size, against: paint, from: &draws)

        let radius = size * draws.uniform(in: Nuisances.radius)
        let slack = size / 2 - radius * 0.8
        let center = (
            x: size / 2 + draws.uniform(in: -slack...slack),
            y: size / 2 + draws.uniform(in: -slack...slack)
        )
        let squash = draws.uniform(in: Nuisances.squash)
        let period = size * draws.uniform(in: Nuisances.period)
        object = Surface(
            silhouette: silhouette, texture: texture, paint: paint, ink: ink,
            outline: Frame(at: center, units: (radius, radius * squash), turnedBy: &draws),
            pattern: Frame(
                at: (draws.unit() * period, draws.unit() * period), units: (period, period),
                turnedBy: &draws))
        barsBehind = (0..<draws.integer(in: Nuisances.barsBehind)).map { _ in
            Bar(size: size, from: &draws)
        }
        barsBefore = (0..<draws.integer(in: Nuisances.barsBefore)).map { _ in
            Bar(size: size, from: &draws)
        }
    }

    /// The colour at a point, in pixels from the upper left corner.
    private func color(_ x: Double, _ y: Double) -> Color {
        barsBefore.last { $0.covers(x, y) }?.color
            ?? object.color(x, y)
            ?? barsBehind.last { $0.covers(x, y) }?.color
            ?? ground.color(x, y)
    }

    /// Samples the scene as rows of pixels, a plane for each of red, green and blue.
    func draw(
        into bytes: Slice<UnsafeMutableBufferPointer<UInt8>>, size: Int,
        from draws: inout DrawStream
    ) {
        let plane = size * size
        let bytes = UnsafeMutableBufferPointer(rebasing: bytes)
        for place in 0..<plane {
            let color = meanColor(column: place % size, row: place / size)
            bytes[place] = Self.byte(color.red + draws.bell() * Nuisances.noise)
            bytes[plane + place] = Self.byte(color.green + draws.bell() * Nuisances.noise)
            bytes[2 * plane + place] = Self.byte(color.blue + draws.bell() * Nuisances.noise)
        }
    }

    /// The mean over a grid of two by two points, which softens the edges.
    private func meanColor(column: Int, row: Int) -> Color {
        let (x, y) = (Double(column), Double(row))
        let upper = color(x + 0.25, y + 0.25) + color(x + 0.75, y + 0.25)
        let lower = color(x + 0.25, y + 0.75) + color(x + 0.75, y + 0.75)
        return (upper + lower) * 0.25
    }

    private static func byte(_ value: Double) -> UInt8 {
        UInt8(min(max(value * 255, 0), 255).rounded())
    }
}
