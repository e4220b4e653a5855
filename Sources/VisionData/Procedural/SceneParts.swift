/// A ground that changes from one colour to another along a random direction.
struct Shading {
    private let near: Color
    private let far: Color
    private let frame: Frame

    init(size: Double, against paint: Color, from draws: inout DrawStream) {
        near = .random(from: &draws, against: paint, contrast: Nuisances.contrast)
        far = .random(from: &draws, against: paint, contrast: Nuisances.contrast)
        frame = Frame(at: (size / 2, size / 2), units: (size, size), turnedBy: &draws)
    }

    func color(_ x: Double, _ y: Double) -> Color {
        let share = min(max(frame.local(x, y).u + 0.5, 0), 1)
        return near * (1 - share) + far * share
    }
}

/// The object the image is about.
struct Surface {
    let silhouette: Silhouette
    let texture: Texture
    let paint: Color
    let ink: Color
    let outline: Frame
    let pattern: Frame

    func color(_ x: Double, _ y: Double) -> Color? {
        let place = outline.local(x, y)
        guard silhouette.contains(place.u, place.v) else { return nil }
        let phase = pattern.local(x, y)
        return texture.isInk(phase.u, phase.v) ? ink : paint
    }
}

/// A rectangle that has nothing to do with the image's class.
struct Bar {
    let color: Color
    private let frame: Frame

    init(size: Double, from draws: inout DrawStream) {
        color = .random(from: &draws)
        frame = Frame(
            at: (size * draws.unit(), size * draws.unit()),
            units: (
                size * draws.uniform(in: Nuisances.barLength),
                size * draws.uniform(in: Nuisances.barWidth)
            ),
            turnedBy: &draws)
    }

    func covers(_ x: Double, _ y: Double) -> Bool {
        let place = frame.local(x, y)
        return max(place.u.magnitude, place.v.magnitude) < 1
    }
}
