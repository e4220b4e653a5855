import Basics

/// What recipes of other programs call the keys of ours.
package enum KeyNames {
    /// Our key, then its names elsewhere.
    ///
    /// In PyTorch, timm, mmcv, mdistiller, RepDistiller and the habits of the field; letter case and the
    /// signs between words do not matter.
    private static let table = """
        learning_rate: lr base_lr initial_lr init_lr max_lr peak_lr lr0 rate
        weight_decay: wd l2 weight_decay_rate decay
        momentum: beta mom
        batch_size: bs batch train_batch_size samples_per_gpu
        evaluation_batch_size: eval_batch_size test_batch_size val_batch_size
        epochs: epoch num_epochs n_epochs max_epochs max_epoch total_epochs nb_epoch
        milestones: steps lr_decay_epochs lr_decay_stages decay_epochs lr_steps
        factor: gamma lr_decay_rate decay_rate lr_decay
        warmup_fraction: pct_start warmup_ratio
        seed: random_seed manual_seed random_state
        precision: dtype amp fp16 bf16 half
        optimizer: optim opt solver
        label_smoothing: smoothing smooth label_smooth ls
        ema: model_ema averaging ema_decay
        schedule: scheduler lr_scheduler lr_schedule lr_policy policy
        dataset: data data_set
        validation: val valid
        split: size count val_size holdout
        model: arch architecture backbone net network type name
        teacher: teacher_model model_t
        student: student_model model_s
        method: distiller distill distillation loss kd_method
        name: type
        temperature: t tau temp kd_t
        weight: alpha lambda loss_weight factor coefficient kd_weight
        cross_entropy_weight: ce_weight gt_loss_weight cls_weight
        warmup_epochs: warmup
        negatives: nce_k num_negatives
        width: feat_dim dim
        crop_padding: crop padding pad random_crop
        flip: hflip horizontal_flip random_flip mirror
        normalization: normalize norm
        std: deviation stdev sigma
        standardize: logit_stand logit_standardization standardise zscore
        second_view: strong_view strong_augmentation
        dot: dot_delta delta
        """

    /// The sections that keys stand in which are often put elsewhere; the top level is none.
    private static let homes = [
        "learning_rate": "optimizer", "momentum": "optimizer", "nesterov": "optimizer",
        "weight_decay": "optimizer", "milestones": "schedule", "warmup_fraction": "schedule",
        "split": "validation", "crop_padding": "dataset.augmentation",
        "flip": "dataset.augmentation", "second_view": "dataset.augmentation", "dot": "optimizer",
        "normalization": "dataset", "epochs": "", "batch_size": "",
        "evaluation_batch_size": "", "seed": "", "precision": "", "label_smoothing": "", "ema": "",
    ]

    /// Given alone, `gamma` is the schedule's factor; in a method's section it may be the method's own.
    private static let homesOfOptions = homes.merging(["factor": "schedule"]) { first, _ in first }

    private static let ours: [String: [String]] = {
        var ours: [String: [String]] = [:]
        for line in table.split(separator: "\n") {
            let parts = line.split(separator: ":")
            let key = String(parts[0])
            for name in parts[1].split(separator: " ") {
                ours[plain(String(name)), default: []].append(key)
            }
        }
        return ours
    }()

    /// The key that was probably meant by one that its section does not have.
    ///
    /// - Parameters:
    ///   - path: the whole key, as `optimizer.lr`.
    ///   - known: the keys of its section.
    /// - Returns: a key of the section, or the path of one elsewhere, in quotation marks; nil where none
    ///   is near.
    static func meant(by path: String, among known: [String]) -> String? {
        let name = path.split(separator: ".").last.map(String.init) ?? path
        let names = ours[plain(name)] ?? []
        let here =
            known.first { plain($0) == plain(name) } ?? names.first(where: known.contains)
        if let here { return "\"\(here)\"" }
        if let key = ([name] + names).first(where: { homes[$0] != nil }), let home = homes[key] {
            return home.isEmpty ? "\"\(key)\" at the top level" : "\"\(home).\(key)\""
        }
        return NearestName.find(name, among: known).map { "\"\($0)\"" }
    }

    /// The whole path of the key that is called by a name alone, here or elsewhere; nil for another name.
    package static func path(of name: String) -> String? {
        let names = [name.replacing("-", with: "_").lowercased()] + (ours[plain(name)] ?? [])
        guard let key = names.first(where: { homesOfOptions[$0] != nil }),
            let home = homesOfOptions[key]
        else {
            return nil
        }
        return home.isEmpty ? key : "\(home).\(key)"
    }

    /// Without letter case and the signs between words.
    private static func plain(_ name: String) -> String {
        name.lowercased().filter { $0 != "_" && $0 != "-" && $0 != " " }
    }
}
