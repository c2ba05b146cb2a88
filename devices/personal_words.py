"""The words by which the name of a field gives away that it carries personal data."""

FORBIDDEN = (
    "face", "feature", "photo", "image", "picture", "snapshot", "selfie", "avatar", "portrait",
    "embedding", "biometric", "fingerprint", "palmprint", "voiceprint",
    "name", "phone", "mobile", "identity", "passport", "email", "wechat",
    "xingming", "shouji", "dianhua", "shenfenzheng", "renlian", "zhaopian",
    "人脸", "人臉", "面部", "脸", "臉", "特征", "特徵", "照片", "头像", "頭像", "图像", "圖像",
    "图片", "圖片", "抓拍", "指纹", "指紋", "掌纹", "声纹", "虹膜", "静脉",
    "姓名", "名字", "昵称", "户名", "电话", "電話", "手机", "手機", "座机", "联系方式", "微信",
    "邮箱", "身份证", "身份證", "身分證", "身份号", "证件", "證件", "住址",
)  # fmt: skip
"""Found anywhere in a key, so that `ownerName` and `faceimg2` are found too."""

HARMLESS = (
    "interface", "surface", "microphone", "headphone", "doorphone", "automobile",
    "photocell", "photodiode", "photoelectric", "photovoltaic", "photoresistor",
    "mobilenetwork", "mobilecountry", "mobileoperator", "featureflag", "featureset",
    "firmwareimage", "bootimage", "imageversion", "namespace", "nameplate", "deviceidno",
    "deviceidnumber", "certfingerprint", "certificatefingerprint", "keyfingerprint",
    "configfingerprint",
    *(f"{thing}name" for thing in (
        "firmware", "model", "file", "host", "device", "product", "vendor", "manufacturer", "brand",
        "sensor", "event", "alarm", "gateway", "server", "domain", "network", "topic", "field",
        "tag", "unit", "zone", "apn",
    )),
)  # fmt: skip
"""Read over: what is left of the key decides."""

ID_NUMBER = r"(?<!gr)(?<!val)(?<!flu)(?<!sol)(?<!liqu)(?<!andro)id(?:no\d*$|num|card)"
"""A pattern: `idNo` and `id_card`, but not `grid_no` or `valid_notice`."""

FORBIDDEN_WHOLE = frozenset({
    "tel", "img", "imgs", "pic", "pics", "snap", "iris", "vein", "xm", "sjh", "sjhm", "lxdh",
    "sfz", "sfzh", "sfzhm", "zjhm", "rlzp",
})  # fmt: skip
"""Too short to be looked for inside other words; some are pinyin initials."""

PERSONS = (
    "person|resident|tenant|owner|visitor|householder|cardholder|user|elder|guardian|"
    "contactperson|emergencycontact|dwelling|住户|户主|业主|租户|访客|用户|老人|联系人"
)
"""A pattern: where text belongs only if it is a pseudonym; an address leads to a person as well."""
