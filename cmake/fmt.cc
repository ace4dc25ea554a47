// LibTorch carries fmt's headers without its library. With FMT_HEADER_ONLY every file would compile
// fmt's formatting again, a third of the time it takes; here it is compiled once.
#include <fmt/format-inl.h>

FMT_BEGIN_NAMESPACE
template FMT_API locale_ref::locale_ref(const std::locale& loc);
template FMT_API auto locale_ref::get<std::locale>() const -> std::locale;
namespace detail {
template FMT_API auto dragonbox::to_decimal(float x) noexcept -> dragonbox::decimal_fp<float>;
template FMT_API auto dragonbox::to_decimal(double x) noexcept -> dragonbox::decimal_fp<double>;
template FMT_API auto thousands_sep_impl(locale_ref loc) -> thousands_sep_result<char>;
template FMT_API auto thousands_sep_impl(locale_ref loc) -> thousands_sep_result<wchar_t>;
template FMT_API auto decimal_point_impl(locale_ref loc) -> char;
template FMT_API auto decimal_point_impl(locale_ref loc) -> wchar_t;
}  // namespace detail
FMT_END_NAMESPACE
