# Stands in for the part of nixpkgs' library that our modules use, where there is no nixpkgs. Types only look at their value.
rec {
  mkOption = option: option // { _type = "option"; };
  mkEnableOption =
    what:
    mkOption {
      type = types.bool;
      default = false;
      description = "Whether to enable ${what}.";
    };
  mkIf = condition: content: {
    _type = "if";
    inherit condition content;
  };
  mkDefault = content: {
    _type = "default";
    inherit content;
  };
  optional = condition: value: if condition then [ value ] else [ ];
  literalExpression = text: { inherit text; };
  literalMD = text: { inherit text; };
  getExe' = package: name: "${package}/bin/${name}";
  mapAttrs = builtins.mapAttrs;
  genAttrs =
    names: function:
    builtins.listToAttrs (
      map (name: {
        inherit name;
        value = function name;
      }) names
    );
  importTOML = path: builtins.fromTOML (builtins.readFile path);
  getLicenseFromSpdxId = id: { spdxId = id; };
  platforms.linux = [ "x86_64-linux" ];

  types = {
    bool = {
      name = "bool";
      check = builtins.isBool;
    };
    str = {
      name = "str";
      check = builtins.isString;
    };
    package = {
      name = "package";
      check = builtins.isString;
    };
    submodule = _: {
      name = "submodule";
      check = builtins.isAttrs;
    };
  };

  # A module with what somebody sets: its options, whether it is enabled, and all values in the end.
  evaluate =
    module: pkgs: set:
    let
      made = module {
        inherit pkgs;
        lib = import ./lib.nix;
        config = values;
      };
      values = merge (merge (defaults made.options) (clean made.config.content)) (clean set);
    in
    {
      inherit (made) options;
      inherit values;
      enabled = made.config.condition;
      wrong = wrong "" made.options values;
    };

  isOption = tree: tree ? _type && tree._type == "option";

  defaults =
    tree:
    if isOption tree then
      tree.default or null
    else
      builtins.mapAttrs (_: defaults) tree;

  # Values of the second go before those of the first.
  merge =
    low: high:
    if isTree low && isTree high then
      low // high // builtins.mapAttrs (name: _: merge low.${name} high.${name}) (builtins.intersectAttrs low high)
    else
      high;
  isTree = value: builtins.isAttrs value && !(value ? _type);

  # Takes out what conditions and defaults wrap; null for what a condition leaves away.
  clean =
    value:
    if value ? _type && value._type == "if" then
      (if value.condition then clean value.content else null)
    else if value ? _type && value._type == "default" then
      clean value.content
    else if builtins.isAttrs value then
      builtins.mapAttrs (_: clean) value
    else
      value;

  # Options without a text or a type, and values that are not of their type.
  wrong =
    path: tree: values:
    if isOption tree then
      (if tree ? type && tree ? description then [ ] else [ "${path} lacks a type or a description" ])
      ++ (if tree.type.check values then [ ] else [ "${path} is no ${tree.type.name}" ])
    else
      builtins.concatLists (
        map (name: wrong "${path}.${name}" tree.${name} (values.${name} or null)) (builtins.attrNames tree)
      );
}
