import Crypto
import Foundation
import ImageFiles
import Testing

/// What Pillow 13.0.0 and torchvision 0.28.0 make of picture files: `expected.json` beside `inputs` and `expected`.
///
/// The files lie in `Fixtures`, or in the folder that `REVIEWKD_IMAGE_FIXTURES` names.
@Suite("ImageFixtures")
struct ImageFixtures {
    private struct Listing: Decodable {
        var images: [Image]

        struct Image: Decodable {
            var file: String
            var width: Int
            var height: Int
            var format: String
            var expected: String
            var sha256: String
        }
    }

    /// With a libjpeg-turbo other than Debian's, a JPEG may differ by 1.
    private static let allowed = 0

    private static var folder: URL {
        ProcessInfo.processInfo.environment["REVIEWKD_IMAGE_FIXTURES"].map { URL(filePath: $0) }
            ?? URL(filePath: #filePath).deletingLastPathComponent().appending(component: "Fixtures")
    }

    @Test("Evaluation sees the pixels that Pillow and torchvision give")
    func fixtures() throws {
        let listing = try JSONDecoder().decode(
            Listing.self, from: Data(contentsOf: Self.folder.appending(component: "expected.json")))
        #expect(!listing.images.isEmpty, "\(Self.folder.path) lists no picture")
        let decoder = ImageDecoder()
        for image in listing.images {
            let bytes = try Data(
                contentsOf: Self.folder.appending(components: "inputs", image.file))
            let header = try bytes.withUnsafeBytes { try decoder.header(of: $0) }
            #expect(header.width == image.width && header.height == image.height, "\(image.file)")
            #expect(
                header.format.rawValue.uppercased() == image.format.uppercased(), "\(image.file)")
            let found = try decoder.evaluated(bytes)
            let stored = try Data(
                contentsOf: Self.folder.appending(components: "expected", image.expected))
            let wanted = try stored.withUnsafeBytes { try decoder.decode($0) }.pixels
            let difference = zip(found, wanted).map { abs(Int($0) - Int($1)) }.max() ?? 255
            print("\(image.file): largest difference \(difference)")
            #expect(difference <= Self.allowed, "\(image.file)")
            // The sum tells that the stored PNG was read rightly, too.
            let sum = SHA256.hash(data: wanted).map { String(format: "%02x", $0) }.joined()
            #expect(sum == image.sha256, "\(image.expected)")
        }
    }
}
