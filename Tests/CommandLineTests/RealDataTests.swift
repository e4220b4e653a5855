import Foundation
import Testing

extension CommandLineSuite {
    @Suite("Real data")
    struct RealDataTests {
        @Test("The published ResNet-56 recognises 72.63 % of CIFAR-100's test images")
        func publishedTeacher() throws {
            let environment = ProcessInfo.processInfo.environment
            guard let data = environment["REVIEWKD_CIFAR100"],
                let teacher = environment["REVIEWKD_TEACHER"]
            else {
                print(
                    "real data: not run, REVIEWKD_CIFAR100 and REVIEWKD_TEACHER do not name the "
                        + "data's folder and the published resnet56")
                return
            }
            let result = try RunningTool(
                [
                    "evaluate", teacher, "--model", "resnet56", "--dataset", "cifar100", "--data",
                    data, "--json",
                ], in: URL(filePath: FileManager.default.currentDirectoryPath)
            ).outcome().json()
            let top1 = try #require(result["top1"] as? Double)
            #expect(abs(top1 - 72.63) < 0.005)
            #expect(result["count"] as? Int == 10_000)
        }
    }
}
