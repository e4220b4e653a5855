/// The speed over the steps of an epoch that this process did.
struct Throughput {
    private var images = 0
    private var seconds = 0.0

    /// Forgets the past, as before an epoch.
    mutating func restart() {
        images = 0
        seconds = 0
    }

    mutating func add(images: Int, seconds: Double) {
        self.images += images
        self.seconds += seconds
    }

    var imagesPerSecond: Double { seconds > 0 ? Double(images) / seconds : 0 }
}

extension Duration {
    /// The duration as a number.
    package var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
