import DetectionData
import Detectors
import VisionData

extension Recipe {
    /// How the student's images are normalised, with red first.
    ///
    /// In the code of ReviewKD's authors a student on ResNet-18 gets RGB images with the means and deviations of
    /// blue, green and red.
    ///
    /// Source: dvlab-research/ReviewKD, `Detection/configs`.
    package var studentNormalization: Normalization {
        let given = dataset.normalization.normalization
        guard swapsMeans else { return given }
        return Normalization(mean: given.mean.reversed(), deviation: given.deviation.reversed())
    }

    /// How the teacher's images are normalised, with red first.
    ///
    /// The authors' code takes off the means before it turns the channels of such a student's images, so that
    /// the teacher's red loses the mean of blue. Its deviation is 1 in every channel, and part of its weights.
    ///
    /// Source: dvlab-research/ReviewKD, `Detection/model/teacher/teacher.py`.
    package var teacherNormalization: Normalization {
        let given = (teacher?.normalization ?? dataset.normalization).normalization
        guard swapsMeans else { return given }
        return Normalization(mean: given.mean.reversed(), deviation: given.deviation)
    }

    /// The format in which a student's weights are taken to be, whatever their file says; nil for the file's own.
    ///
    /// The authors' code gives MobileNetV2 the images of Caffe2's networks.
    package var assumedStudentFormat: PixelFormat? {
        dataset.pictures.isFaithful && studentBottomUp == .mobileNetV2 ? .caffe2 : nil
    }

    /// What a user of `dataset.faithful` should know: how this pair gets its pictures; nil without that key.
    package var remarkOnFaithfulPictures: String? {
        guard dataset.pictures.isFaithful else { return nil }
        if swapsMeans {
            return
                "dataset.faithful: as in the authors' code, red and blue lose each other's means, and the "
                + "student's are divided by each other's deviations"
        }
        if assumedStudentFormat != nil {
            return
                "dataset.faithful: as in the authors' code, the student gets BGR images that are not divided by a "
                + "deviation, whatever its weights were trained on"
        }
        return
            "dataset.faithful: the authors' code gives these networks what they were trained on, so it changes "
            + "nothing"
    }

    private var studentBottomUp: BottomUpKind? {
        (try? DetectorArchitecture(named: student.model))?.bottomUp
    }

    private var swapsMeans: Bool {
        dataset.pictures.isFaithful
            && (studentBottomUp == .resNet18 || studentBottomUp == .resNet34)
    }
}
