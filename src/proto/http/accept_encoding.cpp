#include "proto/http/accept_encoding.h"

#include <algorithm>
#include <array>

#include "proto/http/quality.h"
#include "proto/http/text.h"

namespace weir::proto::http {
namespace {

using coding::Coding;
using coding::kCodings;

struct Wish {
  std::uint32_t weight = 0;
  std::uint32_t place = 0;  // in the client's list
  bool named = false;
};

// What the client says of each coding. The first word about one counts.
std::array<Wish, kCodings> wishes_of(const Head& request, std::span<const Coding> codings) {
  std::array<Wish, kCodings> wishes{};
  Wish others;
  std::uint32_t place = 0;
  for (const Field* field = request.find(FieldId::accept_encoding); field != nullptr;
       field = request.find(FieldId::accept_encoding, request.index_of(field) + 1)) {
    ListWalk list(field->value);
    for (std::string_view element; list.next(element); place++) {
      const std::size_t semicolon = std::min(element.find(';'), element.size());
      const std::string_view name = trimmed(element.substr(0, semicolon));
      const Wish wish{.weight = quality_of(element.substr(semicolon)), .place = place, .named = true};
      if (name == "*" && !others.named) others = wish;
      for (const Coding one : codings) {
        Wish& known = wishes[static_cast<std::size_t>(one)];
        if (!known.named && same_name(name, token_of(one))) known = wish;
      }
    }
  }
  for (Wish& wish : wishes)
    if (!wish.named) wish = others;
  return wishes;
}

bool is_order(std::span<const Coding> codings) {
  return std::ranges::any_of(codings, [](Coding one) { return one == Coding::br || one == Coding::zstd; });
}

}  // namespace

std::optional<Coding> choose_coding(const Head& request, std::span<const Coding> codings) {
  const auto wishes = wishes_of(request, codings);
  const bool own_order = is_order(codings);
  std::optional<Coding> best;
  Wish best_wish;
  for (const Coding one : codings) {
    if (one == Coding::identity) continue;
    const Wish& wish = wishes[static_cast<std::size_t>(one)];
    if (wish.weight == 0) continue;
    const bool better = !best || wish.weight > best_wish.weight ||
                        (wish.weight == best_wish.weight && !own_order && wish.place <= best_wish.place);
    if (!better) continue;
    best = one;
    best_wish = wish;
  }
  return best;
}

TagKind entity_tag_kind(std::string_view value) {
  const bool weak = value.starts_with("W/");
  if (weak) value.remove_prefix(2);
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return TagKind::invalid;
  return weak ? TagKind::weak : TagKind::strong;
}

bool lists(const Head& head, FieldId id, std::string_view word) {
  for (const Field* field = head.find(id); field != nullptr; field = head.find(id, head.index_of(field) + 1)) {
    ListWalk list(field->value);
    for (std::string_view element; list.next(element);)
      if (same_name(element, word)) return true;
  }
  return false;
}

}  // namespace weir::proto::http
