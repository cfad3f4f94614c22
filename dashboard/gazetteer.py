"""Chinese names of places that statistics speak of and the model does not hold by themselves."""

ELSEWHERE = {
    "China": "全国",
    "OECD": "经合组织国家",
    "Zhejiang": "浙江省",
    "Jiangsu": "江苏省",
    "Anhui": "安徽省",
    "Changzhou": "常州",
    "Nantong": "南通",
    "Huzhou": "湖州",
    "Jinhua": "金华",
    "Lishui": "丽水",
    "Quzhou": "衢州",
    "Shenzhen": "深圳",
    "Sanmen_Taizhou": "台州三门县",
    "Hefei_Wuhu_Bengbu": "合肥、芜湖、蚌埠",
    "Shanghai_to_JsZjAh": "上海至苏浙皖",
    "Suzhou_Industrial_Park": "苏州工业园区",
    "Ningbo_Ninghai": "宁波宁海县",
    "Ningbo_Jiangbei": "宁波江北区",
    "Ningbo_Zhenhai": "宁波镇海区",
    "Ningbo_University": "宁波大学",
    "Ningbo_private_firms": "宁波民营企业",
    "NIMTE_CAS": "中科院宁波材料所",
    "Wenzhou_Longwan_district": "温州龙湾区",
    "Wenzhou_NIIDZ": "温州国家自主创新示范区",
    "Wenzhou_University_Science_Park": "温州大学科技园",
}
BETWEEN = "__"
"""Joins the two ends of what is measured between places, as a travel time."""
