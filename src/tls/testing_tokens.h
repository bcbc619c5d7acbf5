// Encrypted tokens of each algorithm, all of the same text, made by another program with keys of their own. Data only.
#pragma once

#include <string_view>

namespace weir::tls::testing {

struct TokenVector {
  std::string_view name;
  std::string_view key;  // a JSON Web Key; empty: kRsaKey
  std::string_view token;
};

inline constexpr std::string_view kTokenText = "Live long and prosper.";

inline constexpr std::string_view kRsaKey =
    R"({"kty":"RSA","n":"z9z0u_926mCll_9VaCiwlOlo5OYoE5EYjuipDiBMc_6NKY8W3pDU9JjE1On62Qucf0RnCRpl4jF9axRpyi)"
    R"(Pba569oq2ZClWVK-tsdv26nS4BnICUSIrNQHhYB8VJnRmgT_vlam7i7qaXFk-Ks8mvDxybirxHGt6_5NKhirDPTA3o0VpcoNqwV4)"
    R"(nOnNmEXsY7ZK4MjrImbrUy4IL48jZiezFTvDPfEFNkA1TPZ2FXx405rhXfkSBrAw5w8GqpmLvOM19rQppsIBHHIAi81Iar44UjhC)"
    R"(1gPM0yqcVdTaGXyMmrOLmYt2w7-OmkUXLM5dCmHUXfhwxLar2JaK_HX5f_Zw","e":"AQAB","d":"He4g8e5c_xlKKX1t8iuPEZ)"
    R"(dyWn38M0-8i4dbda9CPZ7fpfuhPWGkEvw_C1wNmgcep6yqcW3IUdjycuK4648Hieg3l3RhCaiSbC_f_wTrRAqwggp5pOBnoZWH3M)"
    R"(aUTPdjAAwIrVn-JIL-_7VrBsGkYAwB0ZOUDChwKntcdg3zgMMVOj5UI6pvdOnLIcudNCzWPMk8tN3FhPbP_LGcGNFyQfjG8U_AFL)"
    R"(77YN_wZ2Br4XuOUDMOkjtgR6rQWeXIGN0KvrM83VvD2hFmOcR8hx_JNdwkbV1RNoVOXylNbThuK5TABIcLTbyFSdY66Fg-O3ujWg)"
    R"(j-RbG5bohg-WgIbuwIsQ","p":"_f3EL17oKxIVO4gAFEbDIBaVy2_8aUwl4lZcruupEBS-mnrT2_ug2Z34TVkKXSqBveq1Tjn4Q)"
    R"(J9pGsRlZmDUWBdp3iDw0IRZw78Kcp7A4P3rMfA5pDIUeGoKUo_ngtAJIBdm4LU2gtOKGKs76AG9grh-Fd0g3tOwSxfeCSEUYI0",)"
    R"("q":"0YHMS9cecBfBb8WK2PDpBCXVJyV6n_9WoIJLFvoMnU7WK0OLamPGRLwLpjo6mtp6esZuwxOlLTfr8Rvrvn1W7sz2Vz0ZZcW)"
    R"(3LF13Jat7hkWnHsTTdFG6rLVUzo55MI0-wT5STrGbjYg91QGo2milFWLj4l4yID6HR5AufWZhRMM","dp":"jrOGBytme9R0E3ds)"
    R"(u_ep55xo2tz3Tt3Wpxzog-qpmPxevoJmB8GPdNTZTfPJ6-BW9rIo3WOahAxMTBqt8eBTTY8SDxgo1K6XlHAAWbeyHHbtLqiOah8s)"
    R"(-x5w4EQzyX5CskITrgqCLuzVONj0Fnzr0ccAKB6OOkNrWDV3rV9liH0","dq":"w_jNF_f-cc3W1G2NBoa7AHU_IGIPhVA8QOH_y)"
    R"(VtWp2MSNN_2rirsUGkx4GjBXw6U2Pl6rCFZNaYEnsGGT-ZAhhnVKB9v_WHniKlZBTSV1DCdNcvZHApDOsBXtutQc1j75ZkdNp0uK)"
    R"(0LQy8nEn6CZIxsgnSONcdnrgsZcplI5FC8","qi":"7Y8lBuaUyjk0IlOcTIieaYRDDhie_dmjMMryu7a844FJLyC_lP0XneYOHO)"
    R"(T3ZQvZa-MLheuCPFiz1GYUMejbRL33-Rq-pPXIsmrWATR-4fD73WBvGjNNo-lrOtn0bknvlcX1UXJ7GwiturldRB70GFHN_N9U5Q)"
    R"(aaza_cnXdUVUc"})";

inline constexpr TokenVector kTokens[] = {
    {"dir A128CBC-HS256", R"({"kty":"oct","k":"wNGlb89Kuq3mhtIcEd1a3uQ0Cqtvw6YKOaYHXpaYh3s"})",
     R"(eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0..dOYU4f89XieejzoQvM8Avw.siXf2SEORPFkJxc0y8Bca6Wi_-aP)"
     R"(QTSe_8idqvUG0J0.YOA_S3kjzFQRthOELvPlgQ)"},
    {"dir A128GCM", R"({"kty":"oct","k":"GrFzQXWWQzjg7OPI6ABjtQ"})",
     R"(eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..YYV_ynfIxhIrsBzE.W1SkCyTLpdzy6z6HsFtyivC5tH277w.4UIcmNEFmlk)"
     R"(RLd90XD3q6Q)"},
    {"A128KW A192CBC-HS384", R"({"kty":"oct","k":"hOTH2cOp_ooYiQdYHSGfIA"})",
     R"(eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTkyQ0JDLUhTMzg0In0.emi_upKp8pXVARYXG9F214cLGdZ77XGrS9TGAc2zf09Y3W33)"
     R"(CDyp1XVZtdMJL-D4mOfIXdtFPcQ.0fXZg9k0DVgGAXIRIxk77w.eafdrX8nNwUyvO-U9s-gxwr5q5LCuW9pe3M2JcWZ_0Q.-nXb7)"
     R"(ZANBPxGUumqvc5IV2jAYbvDedbn)"},
    {"A128KW A192GCM", R"({"kty":"oct","k":"gBVdHvkeBIVSOUUAWcW0_Q"})",
     R"(eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTkyR0NNIn0.FX-rA9vmHNJ85Zq7Tm1xtQH2dXtwPvggwmPEicVIDlE.lOYlLKXNjn5A)"
     R"(ziH5.Byg-txz8tQmEFBfauT7xDQBfZWVB-A._ElakVTrFFNFfyqYh6j6dw)"},
    {"A192KW A256CBC-HS512", R"({"kty":"oct","k":"7Z_km50-e0PiYNdFvKqLgeM6hFwKgj6p"})",
     R"(eyJhbGciOiJBMTkyS1ciLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIn0.-SXYALkvyv7DOH5j2TihMf6KdfaOYqWKs3zcMCdLezsrXXzP)"
     R"(O51Lb9VznJk65yyGgHL5KhtCEbyvayPm-0_Fuvc4PDrGVMc1.gGYuta0J7SvyPXa7hnp6JQ.YGEjXJ4yLmpQNFUA2N8EX40OIpfs)"
     R"(I9y1JPQ2RaaNSS0.EhWrc2gbAixxR1UwdWcgim7zUDHKHflK0qOrh7OgTt4)"},
    {"A192KW A256GCM", R"({"kty":"oct","k":"GQBq7PmYtX79_wGyV0Q7uN_pvK7Wp73i"})",
     R"(eyJhbGciOiJBMTkyS1ciLCJlbmMiOiJBMjU2R0NNIn0.ECt_rTe6tYb83th6zueoPhwAmLUtgoXfQU7G4pCiyGR2dZC0k6MVEA.T)"
     R"(AIToVdJOITWrIEk.qJE_KKzdeqgWDJMfE9itwLn6lBrjZA.a8y9oUT4G_wEKcV43ds7Qw)"},
    {"A256KW A128CBC-HS256", R"({"kty":"oct","k":"73na0n0rLxSMRwrX4XAfcp-VOyeU6yb2lSacbdGv_6s"})",
     R"(eyJhbGciOiJBMjU2S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.Nc-qvsa5sbKvxRr8EJZYnhYZLp9fm8l_6dDUW0L_1r2-JA4U)"
     R"(eaaaxQ.jtRD95IVcE4sEg_H2O3u4A.NjdSerjxjEYqiPEJmWBudQ--zR9W25n-94GACCXrAJY.O6JnygJSsUn7N9Qvd_Vykw)"},
    {"A256KW A128GCM", R"({"kty":"oct","k":"nSShnq8hUTeofWZKdRyzQxFIGmUrjWiTtk9KMAIzuPg"})",
     R"(eyJhbGciOiJBMjU2S1ciLCJlbmMiOiJBMTI4R0NNIn0.NPX3-6W7hcyEC_J_0IUTSur8nxCQQJxP.reIBCG9nsUcfnfZf.bnv7qS)"
     R"(Mp1Dp7bRQ9ai1Rs6S83h5Z7g.56QtdMsGT331ZUWecA4n1w)"},
    {"A128GCMKW A192CBC-HS384", R"({"kty":"oct","k":"UCrfTZ_U7yjGjwxfHqrgCQ"})",
     R"(eyJhbGciOiJBMTI4R0NNS1ciLCJlbmMiOiJBMTkyQ0JDLUhTMzg0IiwiaXYiOiJrQVRuNF84QlJOR0gzNDVnIiwidGFnIjoicUVz)"
     R"(ZGwwUDZLZmhtaXVWQ1VuajhEdyJ9.aMYcmre49MSIVse4qVGGVHw32Mll9-hTBr_QNFR1jkamqut1i7Bj2gdJLojpZ4pp.OyGWFd)"
     R"(mE8jGAvPHQEFXQFQ.22x88nY_Zt9FGQLTr_AzJXHWE4ukoO5oZlFIwS6WPAg.cp3IJTXrPawF6FXXh8CpWmUzQFLxbSww)"},
    {"A128GCMKW A192GCM", R"({"kty":"oct","k":"j5XvIXUEjE94WcMXPeUKJw"})",
     R"(eyJhbGciOiJBMTI4R0NNS1ciLCJlbmMiOiJBMTkyR0NNIiwiaXYiOiJSMkVCeEVMOG9OaVNjZlN4IiwidGFnIjoieU5hcm5WX0lN)"
     R"(WHhFU0dRSUlIOFpuZyJ9.39wdRe65milw47OftlL3AF3a10k3prAk.GSqBAiT9IXipAEJ3.xn-EiGKww8cs-vda_7qONVWYKaZhq)"
     R"(Q.mePGOzvUr3IvF2u6z10ymQ)"},
    {"A192GCMKW A256CBC-HS512", R"({"kty":"oct","k":"6DpYtB9bhW4_leiWggigr5asOI7AU8RX"})",
     R"(eyJhbGciOiJBMTkyR0NNS1ciLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIiwiaXYiOiI3T193eUI0Y0N1TlFIZGkxIiwidGFnIjoiTk83)"
     R"(Q3JsZ0d0SGdtQWg5bnh4WlNLdyJ9.3500rtmnr6SRU24OdyTvT34h-WadTpbAuX4Lht89TKJYyvRVZQbUCFCHyNsnKMmpMeaNDEE)"
     R"(2VpG7ETen_kyaYw.xtxnNWNC5oPK-jrldJUjNA.K2qxmtI280DRfxGLGZxpF8553s6hh58QkzJLmxJ-fCw.aae5yV-EC-G7zW9du)"
     R"(DzJwWz3ZW4YeK4iKJSOWT5FhAQ)"},
    {"A192GCMKW A256GCM", R"({"kty":"oct","k":"bCbxSm4Y0md_2tUxFJBehBJwUARlyM9Y"})",
     R"(eyJhbGciOiJBMTkyR0NNS1ciLCJlbmMiOiJBMjU2R0NNIiwiaXYiOiJnTnptSzJlUUlMVXYzN0p0IiwidGFnIjoiNFZ0cDMtZjFq)"
     R"(ODk3bEtfdm1pUmRhQSJ9.rSZ4cCXA5c-NYzX1uEj_Qzn7Y2Ndkf5IRi-s10sOGGw.QRYSnvlKLpRF1IOf.MT8nVBHZuRz9F6xgCJ)"
     R"(E25QDPie7HzQ.r2YQ79g4Oia8_HXSsUN-Zg)"},
    {"A256GCMKW A128CBC-HS256", R"({"kty":"oct","k":"rwVHW0t5P2vrfJjuF-StxqLN_gjOhdWJ_YT5SnCSwxA"})",
     R"(eyJhbGciOiJBMjU2R0NNS1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2IiwiaXYiOiJjZ3pfbWgtTl82VHlJeGFNIiwidGFnIjoiY3Js)"
     R"(SmJFZFRQSnZWZzdMSXM1amh5dyJ9.9q8CljHamQQukm3Y0P0ggtMZt8B0dcGs600Oma2z3jE.lPFSvqY1OKt61wD-PeUciQ.hwvn)"
     R"(gp48CR_Ev-V4RpB857LPcHtmitdkkIjmobNDcvU.0RCnHnuRWFVLOHUI4JH8Vg)"},
    {"A256GCMKW A128GCM", R"({"kty":"oct","k":"QXQT3yAoe2o91VAgISMPYaq8s4RCgw9wPyJVrZEOQjg"})",
     R"(eyJhbGciOiJBMjU2R0NNS1ciLCJlbmMiOiJBMTI4R0NNIiwiaXYiOiI4ZjlMSEZwMUF2bk9hWVM3IiwidGFnIjoiTzJPakJfSUtv)"
     R"(Z1BvNlZHNXhjS2hVQSJ9.8DUdh3EYFIHLlnCZXF4mKg._gf-H3wLoc2FLp1h.Rqn5yVtMe6Uxw0zpQQDTMbSh8Y9TFA.cG3ioBWX)"
     R"(thNtthXzJSKkOw)"},
    {"RSA-OAEP A192CBC-HS384", "",
     R"(eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkExOTJDQkMtSFMzODQifQ.E7rRjMORiaY41Tbhy1rWhlWx1CLga4YpUI-n1VOnhuzZB)"
     R"(N9U81MklpNKQMHWziKov777LM1LmJ_Ms-oSsur59AGvW5wqHI5QXWhs0khhVTDDEekeJEwdsHiOuPTiKFY_Oc56qFyo800jJ9kXW)"
     R"(dnoOJ0wOCUJmc0RJIjXAsbnK9VAz4LsweHKtXX1r3bDqo_xHld9AaVtBD__UVbvl2eg81eKsDnYEMlUF7i80NcZJqT8Q4iKNBhI8)"
     R"(2AO3YYj2iUsypDKfu9QCWOEh_aaJM0Idc3hZ0doqvCZ6CoDRRIpcvsxY4xmPwEeKNveF9xJ4epypenzuhMm9uVq9eUUfO5gcw.mG)"
     R"(ZH_NqmyGIkIo-PzBFqsA.1c2b2-dsDDhGCqOeA6tMIKE1IpZ5XjHXnjOUYD2y1pQ.A-Ru29MJ-Qiqi-9YbNygWYRO-ISQtYRJ)"},
    {"RSA-OAEP A192GCM", "",
     R"(eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkExOTJHQ00ifQ.zkuv5mk5IVcuaIqOK3_HNee6W8AjyDzyb3bKVn0EpcEOvC8p10fsG)"
     R"(HucSno61AwHUA2qrx0zyCV9jOHQzuMJCXqzKbeVokzGJ_8LX38fmHRroS5AMf_4NXj1hilID4kSvzwlvoaNWPHr9meAMYWkvt6mw)"
     R"(loMAroZMdJaW71EleGVC_OryNMsiElfCm8FwNmTfOVXOFfEF2VfPmBjbeigRFerT3KqOwj7daYramltub3cQqNA8nMo08jMAqK1p)"
     R"(iBQfkRWp5Ao72ANNC4u27grq4crJzeiIMbhBb95QlFKPStzfu5S_XKdGpNNno8q-N4VlMP8ChpLVC_z5OV7nZ6R1w.jdLJLvo2DX)"
     R"(9PHrcu.xAJCpTP5DOkSiDXk5aYSpFbmBfLMGQ.g2uGATlgmSmPw22NEnbuhA)"},
    {"RSA-OAEP-256 A256CBC-HS512", "",
     R"(eyJhbGciOiJSU0EtT0FFUC0yNTYiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIn0.DyJmLdIpNPDN1FT-uBFuR7cwHq5JKHBP-nmhrgfv)"
     R"(feHvajWBpNsnwJ62f1klJFcdDN4VRHopFZKA-CGe1LeEE-U5tVryGfU-0SBVIENGpJvP13mkW2Kul0ZpdL9gQ4uMakTZ2KmczTr6)"
     R"(LkgamufqAnZdwDGB9aJVekLP4VC5wQjwJrs_ZQhEdDEP4KJ_1N6xkXSWo5WVeUl3xlWPLTPdix6fXhGuvaUfSppvjBf29I7oTOQ5)"
     R"(sWJzsaxu4htdDjD8YooThmRtc_fVQEJXMlMy1fcrLlpC2rFdoTWoyFPInVOGCcMXpnikQJWUyFZu8wm-PsCwYmyhlwONzUgaOAFm)"
     R"(sg.5gd7ZMmy4TnrEhKndXdnPw.etqTT8LlOMU5WqXMvdXLN_l75V0MWCUptiiMj0TLQZU.Xierz0kL5NSVzVpKCPzwyRtcVW4bdH)"
     R"(CUZ4IP_wlaeKQ)"},
    {"RSA-OAEP-256 A256GCM", "",
     R"(eyJhbGciOiJSU0EtT0FFUC0yNTYiLCJlbmMiOiJBMjU2R0NNIn0.qFRB-dT89buxCD0-Fx6yMwi97HZAeCx5_zmiN6zOpFHHyLkx)"
     R"(ogucO59ViyPfwdWAkGXoZmTDgMs04x3DbrtbC1zfP4IFNk14YHbT1pSdDz8HgzW1l-npEf07Q30JGeFiG2jIYz40Fc5wk9Zuz-ZI)"
     R"(AYTyoMl_InWXxSdXSddqQIq4olCYJ63XXElFHLfDmJ_V-cWMCX1-J6VyIdoFgVc2pz0fgYb4FDMdH6JSKMwcntcHjPf8zBEx2D4V)"
     R"(I_WgDGwSWotgq_WWsUXUlQOUTcmbPSA925ciyEGPjg9h3Wg2htXsJgOY2Mr5TAbdHleNjRc8bS9joyx2eU7EB-sR2jH0Bw.Cr6lA)"
     R"(rhtbHTxNxGe.W-R2gyzXd6UObhhO5cgC8dM8fnS1uQ.hCvejY_wL-7uoDAM_XSfwQ)"},
    {"ECDH-ES A128GCM",
     R"({"kty":"EC","crv":"P-256","x":"CnROBXihgBy4FokSIeOL-pLxNoaFaST9gQdTH6uABCU","y":"UxlYmzkcI-0ZgxdW2dl)"
     R"(IjIji2UNDCqVh346ArQqKw9g","d":"hOt4lHtiaR2Oa08T7pCN2dPPtCkYxLpCt5CBZB1aynI"})",
     R"(eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTEyOEdDTSIsImVwayI6eyJrdHkiOiJFQyIsImNydiI6IlAtMjU2IiwieCI6ImlLYk01)"
     R"(TnpnZmJfYktFQ2x4dUlaMFdMMUVORTBhRk1mWmIyZWMxSlg3dEkiLCJ5IjoicjRMTVAzRzI1X3ZFckxTWUhxMVctMTJiaEdST2xI)"
     R"(M1hLb0pFZXBodUZuSSJ9LCJhcHUiOiJRV3hwWTJVIiwiYXB2IjoiUW05aSJ9..dB_szUmvFMNsK5pM.h5Vh1kK-wRFjHmFJyneF8)"
     R"(m-cXSwWvA.61jhJ-tSc4GcL8TV24YUEw)"},
    {"ECDH-ES A192GCM",
     R"({"kty":"EC","crv":"P-384","x":"65yjjf0jQ7SfknGCIqx_moJ4tvSFgOep7gtaYaUe8q8p4_OYgRTCue5uSDc1lKIh","y")"
     R"(:"jA0cFxkUcSm6YxA5fA5qwPNJM0w4g76BVcUVFP1CNYzh3JHffuWhiS4dGQ4eR18U","d":"qjKoZI6oz93pyBekzC0YRx2JZci)"
     R"(zER3hVuZaQ3WiDjAzzBf9Ue3n9zZtOxuf-sdz"})",
     R"(eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTE5MkdDTSIsImVwayI6eyJrdHkiOiJFQyIsImNydiI6IlAtMzg0IiwieCI6Ik41TzlQ)"
     R"(bkliN2R0MkJIYWtkdVlsbXI2eXlfUUdPSTc1a1hSQ1BpaWFfNGVXUDF1c0FwV3B0VUg1Q19LaGRCWjEiLCJ5IjoiaXR5TW05Z05Y)"
     R"(RVQyOUVJemVJcWE5ZE13X1Jfb0FkUjhJc1Bpem1KdF8xZXRzbzVfRXVXLTJrRDN5ckFSSUpNNyJ9LCJhcHUiOiJRV3hwWTJVIiwi)"
     R"(YXB2IjoiUW05aSJ9..KG1l3Z3lbDwhcRDC.Lp1FFv_nm1iW8hhDmcaQmdjzgepQYg.jqcnh3szBJ9huy3gN-IFSg)"},
    {"ECDH-ES A256GCM",
     R"({"kty":"EC","crv":"P-521","x":"ALQ9nxis3-oAPZAMgXuima1DvQLMKp-5cdf8dJOEODNGkKM9U8n0x45CpRYVXMdd-wd2V)"
     R"(qvp-kONEl_Oe9YvXY4Y","y":"AEP9ca9bxflSHVaj3FuT-escF5gFBtNqUnRVvlsrllqr7DSLR-MG2dJK6DOVyloMqgnZ55aiEz)"
     R"(r4gj4Kl1pGXfCE","d":"APc3053CQBcGZi3XrPwYOCvBYk4XHOdnuKvnQgFNnwxU1kt4Ym4WAM13MlKwewEaugXbijxXt4M78AL)"
     R"(utxRYX5Pq"})",
     R"(eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSIsImVwayI6eyJrdHkiOiJFQyIsImNydiI6IlAtNTIxIiwieCI6IkFEQ3Vo)"
     R"(VHVzVlNMaHNERVpZRlRmTjgyOEhZUUM2UmtyUDFQMmFJVHREMVlsanlwa0JXSXBmaUNBYmJMUVNERVlsdVBMbHpsT3FMNi1aOW5x)"
     R"(Y2ViV2s2b3ciLCJ5IjoiQUV2NU84eE4yYVZWS1hoX2NkSVgxTnBsXzZwWjJId0Q3LVdram01TktJT2E3U01FcnQ0ajNKbHpqWU5C)"
     R"(dmhQU0xlTUpNTDlYcGNyNk9maVoxVEo5dm9weiJ9LCJhcHUiOiJRV3hwWTJVIiwiYXB2IjoiUW05aSJ9..6pUi6uyP8gjA9RrG.F)"
     R"(xrNGDKxL9MRwkc9EewHcyDlyxRyhQ.bWiY1VB4zNM_2v8OCrBQeA)"},
    {"ECDH-ES+A128KW A128CBC-HS256",
     R"({"kty":"EC","crv":"P-256","x":"CnROBXihgBy4FokSIeOL-pLxNoaFaST9gQdTH6uABCU","y":"UxlYmzkcI-0ZgxdW2dl)"
     R"(IjIji2UNDCqVh346ArQqKw9g","d":"hOt4lHtiaR2Oa08T7pCN2dPPtCkYxLpCt5CBZB1aynI"})",
     R"(eyJhbGciOiJFQ0RILUVTK0ExMjhLVyIsImVuYyI6IkExMjhDQkMtSFMyNTYiLCJlcGsiOnsia3R5IjoiRUMiLCJjcnYiOiJQLTI1)"
     R"(NiIsIngiOiJMb0otcE5tX1R5al9mWVgyTEVsMklWamRmUVZzOTN6Y0MtcTc5R2pHcFVjIiwieSI6InBWcG9Hai13eFFTTmFtN3Q1)"
     R"(U3NRSmpfbUlrRmpjMUZReXJwRzJzR0lKdjAifSwiYXB1IjoiUVd4cFkyVSIsImFwdiI6IlFtOWkifQ.JqZODI0nViPyqCAW-iMex)"
     R"(Baf0Nl0T9PwhzmR2ecqrquInaLVO8vQUQ.0NP0KMTH_YGdhnOjoMhzuQ.BOq5L2KsBDFFNGXA9_4hdKgzdinJLtfK3Sthf-tGJhg)"
     R"(.5OhOQ0w7WQOPCWunwOxdpw)"},
    {"ECDH-ES+A192KW A192CBC-HS384",
     R"({"kty":"EC","crv":"P-384","x":"65yjjf0jQ7SfknGCIqx_moJ4tvSFgOep7gtaYaUe8q8p4_OYgRTCue5uSDc1lKIh","y")"
     R"(:"jA0cFxkUcSm6YxA5fA5qwPNJM0w4g76BVcUVFP1CNYzh3JHffuWhiS4dGQ4eR18U","d":"qjKoZI6oz93pyBekzC0YRx2JZci)"
     R"(zER3hVuZaQ3WiDjAzzBf9Ue3n9zZtOxuf-sdz"})",
     R"(eyJhbGciOiJFQ0RILUVTK0ExOTJLVyIsImVuYyI6IkExOTJDQkMtSFMzODQiLCJlcGsiOnsia3R5IjoiRUMiLCJjcnYiOiJQLTM4)"
     R"(NCIsIngiOiJNSVhTejk4aDB6UklmRXBmSzhPbktJYzJQRVphOHN1Ukgxc0VTSXJQWmdmQmZrYlZGMGdfWDFUelhqMnJRUzhrIiwi)"
     R"(eSI6IlhqbUVYSFd6SEJmVC1ISnNEM1gwVXAyOTZTclpOeHZKcnB6ZWNCNjVjSWp3RTRLTmtTbXlYc0lERWZzeHpFV0IifSwiYXB1)"
     R"(IjoiUVd4cFkyVSIsImFwdiI6IlFtOWkifQ.pWqJpzI35VIuo2DrWNH94XqK1aaIiO2BnwbhHiUH0NBOqInM0oOTRxKrjW-DyOJEc)"
     R"(mBV65UdcOE.TXjnk1XzJCqG1B8boYZ47g.-ZzpQ9zW35wWp4eGIf7JGBiNZq2JjN0yXTmrSoiOU3A.8f1XvBn7DAYEf-kVewZgpB)"
     R"(wPQwCiTCtG)"},
    {"ECDH-ES+A256KW A256CBC-HS512",
     R"({"kty":"EC","crv":"P-521","x":"ALQ9nxis3-oAPZAMgXuima1DvQLMKp-5cdf8dJOEODNGkKM9U8n0x45CpRYVXMdd-wd2V)"
     R"(qvp-kONEl_Oe9YvXY4Y","y":"AEP9ca9bxflSHVaj3FuT-escF5gFBtNqUnRVvlsrllqr7DSLR-MG2dJK6DOVyloMqgnZ55aiEz)"
     R"(r4gj4Kl1pGXfCE","d":"APc3053CQBcGZi3XrPwYOCvBYk4XHOdnuKvnQgFNnwxU1kt4Ym4WAM13MlKwewEaugXbijxXt4M78AL)"
     R"(utxRYX5Pq"})",
     R"(eyJhbGciOiJFQ0RILUVTK0EyNTZLVyIsImVuYyI6IkEyNTZDQkMtSFM1MTIiLCJlcGsiOnsia3R5IjoiRUMiLCJjcnYiOiJQLTUy)"
     R"(MSIsIngiOiJBTkhRQkVMUGJzNlZVWjNxbndLM3VwX0xkZ0c2Mkt3X0ZRS3BIdlBpWUtIN09PeTRoYmloTWdWZ0JtTXV4SVJyMVBC)"
     R"(TERMdmlaeTdtbnBJR0stb2YtTnNEIiwieSI6IkFIaHpSVl9fcmtuXzM0Wlh1ZTVCNGJheVhvNzFvdjE1M0JuWGNaRDVyTnMtSDZk)"
     R"(alhqWWlGckx5Zzl4UjFiaUs0N1U2SlRBeHo5QVNCYW1kTHFaclk0TnkifSwiYXB1IjoiUVd4cFkyVSIsImFwdiI6IlFtOWkifQ.R)"
     R"(vnP8011v8z4NwbS98rLil7_eN1V2BEwqeZ71lGZlxCTEXqt_M_JC23S5-D1nBLfySnEleDJXtFPENzKkzHikvgun8rYWwmg.QTE4)"
     R"(mhRtz-T3oJ7vp-fwgQ.aSm0sZ1jtxrDada_WWnZnGJ4QhVzlCZcT4KTwdaTw5U.sEVfvFzaIkKV5bhpebQttLGEbjPg3YbkL8eup)"
     R"(3B0h1Q)"},
    {"dir A256CBC-HS512",
     R"({"kty":"oct","k":"N6ScRrrrEBdEN1Ux0Ad_pMSksi4bXTxwqIOaJkJtY51Z0KH9OFtdLoLtDZI0VKh0JcYu7VcKwbMAX4ZEyg)"
     R"(69KA"})",
     R"(eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIn0..GL3mP_Gd1GasieyCGbPanA.ODqLR6er6Iy0jZRFHuRYmGhv6XP8)"
     R"(TJvBPBDZ0aUFgY0.4lWLqi-h0ZTodStC7GJQuoYJgxImHSknFLz2HSOBtD8)"},
    {"ECDH-ES A256CBC-HS512",
     R"({"kty":"EC","crv":"P-256","x":"CnROBXihgBy4FokSIeOL-pLxNoaFaST9gQdTH6uABCU","y":"UxlYmzkcI-0ZgxdW2dl)"
     R"(IjIji2UNDCqVh346ArQqKw9g","d":"hOt4lHtiaR2Oa08T7pCN2dPPtCkYxLpCt5CBZB1aynI"})",
     R"(eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkNCQy1IUzUxMiIsImVwayI6eyJrdHkiOiJFQyIsImNydiI6IlAtMjU2IiwieCI6)"
     R"(Ik5EcmFqQlo1aG1FY2loRUxuejVqTWZOQktBbktUMXIyc0FGUFZ0WlFPVVUiLCJ5IjoiMlc3bU5ydW8xUEZpSE96WXZMSHZWel9Y)"
     R"(MnRKaWNsZVlkLXhHVzM5MnJMMCJ9LCJhcHUiOiJRV3hwWTJVIiwiYXB2IjoiUW05aSJ9..ipIdmJXE97N4XQA-66AmgQ.n1Vn4ry)"
     R"(Z10AOzjDLD8Y5eZ0q_9suLJ2EF-7Eo8k5qm8.F4pNtavtMVZwkUNif0j26BvcxB4sr4Gd0ZmlA5r1NC4)"},
};

}  // namespace weir::tls::testing
