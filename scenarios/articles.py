"""The policy document: its chapters and articles, with short titles, and the levers of each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scenarios.levers import LEVERS, Lever
from scenarios.scenario import Bilingual


@dataclass(frozen=True)
class Chapter:
    """A chapter of the policy, with the numbers of its articles."""

    title: Bilingual
    articles: range

    def levers(self) -> Iterator[Lever]:
        """Yield the levers of the chapter in the order of the articles."""
        yield from (lever for number in self.articles for lever in LEVERS.values() if lever.article == number)


def _text(en: str, zh: str) -> Bilingual:
    return Bilingual(en=en, zh=zh)


CHAPTERS: tuple[Chapter, ...] = (
    Chapter(_text("Aims", "总体要求和建设目标"), range(1, 3)),
    Chapter(_text("One integrated zone", "统筹优化和融合发展"), range(3, 8)),
    Chapter(_text("Platforms and services", "创新创业平台和服务体系"), range(8, 12)),
    Chapter(_text("A modern industry", "特色产业与现代产业体系"), range(12, 17)),
    Chapter(_text("Openness", "对外合作与开放创新"), range(17, 20)),
    Chapter(_text("Reform of institutions", "深化改革与体制机制"), range(20, 26)),
    Chapter(_text("Organisation and money", "组织领导与保障"), range(26, 28)),
)

ARTICLES: Mapping[int, Bilingual] = {
    1: _text("Overall direction", "总体要求"),
    2: _text("Targets for 2022", "建设目标"),
    3: _text("Spatial layout", "优化空间布局"),
    4: _text("Ningbo zone as the core", "强化宁波国家高新区核心引领作用"),
    5: _text("Strength of the Wenzhou zone", "加快提升温州国家高新区的综合实力和创新能力"),
    6: _text("Joining up with the Hangzhou zone", "加强与杭州国家自主创新示范区的融合发展"),
    7: _text("Integration with the delta", "积极融入长三角城市群建设"),
    8: _text("Basic research platforms", "谋划建设基础科研平台"),
    9: _text("High-level platforms", "布局建设高能级创新平台"),
    10: _text("Services for founders", "优化完善创业服务体系"),
    11: _text("Industry and universities", "强化产学研协同创新"),
    12: _text("Clusters of leading industries", "推进主导高新技术产业集聚发展"),
    13: _text("New and future industries", "培育发展新产业新业态"),
    14: _text("Smart upgrading of manufacturing", "推动传统制造智能化升级"),
    15: _text("Science and technology services", "加快推进高技术服务业发展"),
    16: _text("Doubling technology firms", "实施科技型企业倍增计划"),
    17: _text("Global networks", "积极融入全球创新网络"),
    18: _text("Incubators abroad", "布局建设海外创新孵化中心"),
    19: _text("International parks", "优化国际合作园布局"),
    20: _text("Pilots first", "推进政策先行先试"),
    21: _text("Private capital for innovation", "引导民营资本开展创新创业"),
    22: _text("Transfer of results", "完善科技成果转移转化机制"),
    23: _text("Intellectual property", "加强知识产权创造保护和运用"),
    24: _text("High-level talent", "加快高层次科技人才引进培养"),
    25: _text("Government services", "推进政府服务改革创新"),
    26: _text("Coordination", "建立健全工作推进机制"),
    27: _text("Consultation and funding", "建立政府间会商机制"),
}
